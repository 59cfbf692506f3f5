package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
)

// two are a text and a choice.
func two() []*prompt {
	return []*prompt{
		{title: "name", fallback: func() string { return "shop" }, check: func(answer string) error {
			if answer == "bad" {
				return errors.New("that is bad")
			}
			return nil
		}},
		yesOrNo("write?"),
	}
}

func TestLineAsker(t *testing.T) {
	for name, c := range map[string]struct{ typed, first, second, wrong string }{
		"answers":                {"example\n2\n", "example", "no", ""},
		"defaults":               {"\n\n", "shop", "yes", ""},
		"asked again":            {"bad\ngood\n3\nx\n1\n", "good", "yes", ""},
		"the answers end early":  {"example\n", "", "", "input ended before every question was answered; nothing was written"},
		"a line without its end": {"example", "", "", "input ended before every question was answered; nothing was written"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			prompts := two()
			err := (&lineAsker{ctx: t.Context(), in: bufio.NewReader(bytes.NewBufferString(c.typed)), out: &out}).ask(prompts)
			if c.wrong != "" {
				require.EqualError(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.first, prompts[0].answer)
			require.Equal(t, c.second, prompts[1].answer)
		})
	}
}

// TestLineAskerStops: Ctrl-C ends a question without an answer.
func TestLineAskerStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	in, typing := io.Pipe()
	defer func() { require.NoError(t, typing.Close()) }()
	stop()
	err := (&lineAsker{ctx: ctx, in: bufio.NewReader(in), out: io.Discard}).ask(two())
	require.ErrorIs(t, err, errStopped)
}

// formStub is a form before any input.
type formStub struct{ prompts []*prompt }

func (f *formStub) ask(prompts []*prompt) error {
	f.prompts = prompts
	return nil
}

// TestInterviewTakesDefaults: a default that is only confirmed decides which later
// questions are asked, and their defaults, as a typed answer does.
func TestInterviewTakesDefaults(t *testing.T) {
	form := new(formStub)
	found := &setup.Discovery{Domain: patch.Fact{Value: "auth.example.com"}}
	in, yes, err := (&interview{asker: form}).options(setup.Inputs{}, setup.Questions(found), "Write?")
	require.NoError(t, err)
	require.False(t, yes)
	prompts := make(map[string]*prompt)
	for _, p := range form.prompts {
		prompts[p.title] = p
	}
	preset := prompts["Where should passkeys work? You can't change this later."]
	require.False(t, preset.hidden())
	require.Equal(t, "example.com", prompts["What do users call the site?"].fallback())
	origins := prompts["Which other origins use passkeys?"]
	require.True(t, origins.hidden())
	preset.answer = string(setup.Subdomains)
	require.False(t, origins.hidden())
	require.NoError(t, origins.check("https://app.example.com"))
	require.ErrorContains(t, origins.check("https://app.example.org"), "cannot use the relying party id")
	require.Equal(t, "auth.example.com", in.Merge().Domain)
}
