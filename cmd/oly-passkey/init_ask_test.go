package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
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

// TestLineAskerStops: Ctrl-C ends a question that nobody answers.
func TestLineAskerStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	in, typing := io.Pipe()
	defer func() { require.NoError(t, typing.Close()) }()
	stop()
	err := (&lineAsker{ctx: ctx, in: bufio.NewReader(in), out: io.Discard}).ask(two())
	require.ErrorIs(t, err, errStopped)
}
