package yamledit_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// edited returns a text after the edits that edit makes of it, and proves that
// nothing else changed.
func edited(t *testing.T, text string, edit func(*kratosconf.Config) []source.Edit) string {
	t.Helper()
	f := source.New("kratos.yml", []byte(text))
	d, err := kratosconf.Parse(f, kratosconf.ParseOptions{})
	require.NoError(t, err)
	c, err := kratosconf.Load([]*kratosconf.Document{d}, nil)
	require.NoError(t, err)
	edits := edit(c)
	after, err := source.Apply(f, edits)
	require.NoError(t, err)
	require.NoError(t, yamledit.Change{Name: f.Name, Before: f.Data, After: after, Rounds: [][]source.Edit{edits}}.Proven())
	return string(after)
}

func TestInsert(t *testing.T) {
	const top = "selfservice:\n"
	for name, c := range map[string]struct{ text, path, want string }{
		"last key":             {top + "  a: 1\n  b: 2\nc: 3\n", "selfservice", top + "  a: 1\n  b: 2\n  x: 1\nc: 3\n"},
		"behind a nested map":  {top + "  a:\n    b: 2\n\n# of c\nc: 3\n", "selfservice", top + "  a:\n    b: 2\n  x: 1\n\n# of c\nc: 3\n"},
		"behind its comment":   {top + "  a: 1\n  # more\nc: 3\n", "selfservice", top + "  a: 1\n  # more\n  x: 1\nc: 3\n"},
		"behind a list":        {top + "  a:\n  - 1\n  - 2\n", "selfservice", top + "  a:\n  - 1\n  - 2\n  x: 1\n"},
		"behind a text":        {top + "  a: |\n    b\n\n    c\nd: 1\n", "selfservice", top + "  a: |\n    b\n\n    c\n  x: 1\nd: 1\n"},
		"new keys":             {top + "  a: 1\n", "selfservice.b.c", top + "  a: 1\n  b:\n    c:\n      x: 1\n"},
		"without a line end":   {top + "  a: 1", "selfservice", top + "  a: 1\n  x: 1"},
		"before a document":    {top + "  a: 1\n---\nb: 1\n", "selfservice", top + "  a: 1\n  x: 1\n---\nb: 1\n"},
		"in braces":            {"selfservice: {a: 1}\n", "selfservice", "selfservice: {x: 1, a: 1}\n"},
		"in an element":        {top + "  a:\n    - b: 1\n      c: 2\n", "selfservice.a.0", top + "  a:\n    - b: 1\n      c: 2\n      x: 1\n"},
		"behind an anchor":     {"x-a: &a {b: 1}\nselfservice: *a\n", "selfservice", "x-a: &a {b: 1}\nselfservice: *a\n"},
		"in an element's line": {top + "  a:\n    - b: 1\n", "selfservice.a.0", top + "  a:\n    - b: 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			insert := func(config *kratosconf.Config) []source.Edit { return yamledit.Insert(config, c.path, "x: 1") }
			require.Equal(t, c.want, edited(t, c.text, insert))
			crlf := strings.NewReplacer("\n", "\r\n")
			require.Equal(t, crlf.Replace(c.want), edited(t, crlf.Replace(c.text), insert), "with CRLF")
		})
	}
}

func TestAppend(t *testing.T) {
	for text, want := range map[string]string{
		"selfservice: {allowed_return_urls: [a]}\n":       "selfservice: {allowed_return_urls: [a, b]}\n",
		"selfservice:\n  allowed_return_urls:\n  - 'a'\n": "selfservice:\n  allowed_return_urls:\n  - 'a'\n  - 'b'\n",
		"selfservice:\n  allowed_return_urls:\n  - a":     "selfservice:\n  allowed_return_urls:\n  - a\n  - b",
	} {
		list := func(c *kratosconf.Config) *kratosconf.Value { return c.Get("selfservice.allowed_return_urls") }
		crlf := strings.NewReplacer("\n", "\r\n")
		for _, r := range []*strings.Replacer{strings.NewReplacer(), crlf} {
			text, want := r.Replace(text), r.Replace(want)
			require.Equal(t, want, edited(t, text, func(c *kratosconf.Config) []source.Edit { return yamledit.Append(list(c), "b") }))
		}
	}
}

func TestAppendLines(t *testing.T) {
	const block, flow = "selfservice:\n  x:\n  - {a: 1}\n", "selfservice: {x: [{a: 1}]}\n"
	item := []string{"- {b: 1}"}
	for text, want := range map[string]string{
		block:                                   block + "  - {b: 1}\n",
		flow:                                    "selfservice: {x: [{a: 1}, {b: 1}]}\n",
		strings.ReplaceAll(block, "\n", "\r\n"): strings.ReplaceAll(block+"  - {b: 1}\n", "\n", "\r\n"),
	} {
		require.Equal(t, want, edited(t, text, func(c *kratosconf.Config) []source.Edit {
			return yamledit.AppendLines(c.Get("selfservice.x"), item)
		}))
	}
}
