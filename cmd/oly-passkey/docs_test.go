package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents are the pages whose commands people copy.
func documents(t *testing.T) []string {
	t.Helper()
	all := []string{"../../README.md", "../../CONTRIBUTING.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../examples/README.md", "../../examples/*/README.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		all = append(all, found...)
	}
	return all
}

// docCommand is one command line of a code block, with what the block shows as its
// output when it began with "$ ".
type docCommand struct {
	line   int
	text   string
	output []string
	shown  bool
}

// commandsIn finds the lines of code blocks, fenced or indented, that run
// oly-passkey.
func commandsIn(text string) (out []docCommand) {
	fenced := false
	for n, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		code, indented := strings.CutPrefix(line, "    ")
		if !fenced && !indented {
			continue
		}
		code = strings.TrimLeft(code, " ")
		bare, shown := strings.CutPrefix(code, "$ ")
		switch {
		case strings.HasPrefix(bare, "oly-passkey "):
			out = append(out, docCommand{line: n + 1, text: bare, shown: shown})
		case len(out) > 0 && out[len(out)-1].shown && out[len(out)-1].line+len(out[len(out)-1].output) == n:
			last := &out[len(out)-1]
			last.output = append(last.output, strings.TrimPrefix(line, "    "))
		}
	}
	return out
}

// words splits a command line as a shell would, as far as documents go: quotes,
// and an end at a comment, a redirection or a pipe.
func words(line string) (out []string) {
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, inWord = r, true
		case r == ' ':
			if inWord {
				out = append(out, word.String())
			}
			word.Reset()
			inWord = false
		case !inWord && strings.ContainsRune("#<>|&;", r):
			return out
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if inWord {
		out = append(out, word.String())
	}
	return out
}

// TestDocumentedCommands parses every command of the documents with the real
// command tree, and runs those whose output is shown.
func TestDocumentedCommands(t *testing.T) {
	count, shown := 0, 0
	for _, path := range documents(t) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, c := range commandsIn(string(text)) {
			count++
			args := words(c.text)[1:]
			root := newRoot(&app{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
			found, rest, err := root.Find(args)
			require.NoError(t, err, "%s:%d: %s", path, c.line, c.text)
			require.NotEqual(t, root, found, "%s:%d: %s", path, c.line, c.text)
			require.NoError(t, found.ParseFlags(rest), "%s:%d: %s", path, c.line, c.text)
			require.NoError(t, found.ValidateArgs(found.Flags().Args()), "%s:%d: %s", path, c.line, c.text)
			if c.shown {
				shown++
				var out, errs bytes.Buffer
				run(context.Background(), args, &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs})
				want := strings.TrimRight(strings.Join(c.output, "\n"), "\n")
				require.Equal(t, want, strings.TrimRight(out.String()+errs.String(), "\n"), "%s:%d: %s", path, c.line, c.text)
			}
		}
	}
	require.Greater(t, count, 10)
	require.Positive(t, shown)
}

// TestDocumentLinks: what a document links to inside of the project is there.
func TestDocumentLinks(t *testing.T) {
	for _, path := range documents(t) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, part := range strings.Split(string(text), "](")[1:] {
			target, _, ok := strings.Cut(part, ")")
			target, _, _ = strings.Cut(target, "#")
			if !ok || target == "" || strings.Contains(target, "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(filepath.Dir(path), target))
			require.NoError(t, err, "%s links to %q", path, target)
		}
	}
}

// TestReadmeNamesEveryCommand: nobody finds a command that the README hides.
func TestReadmeNamesEveryCommand(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	for _, c := range newRoot(&app{}).Commands() {
		if c.IsAvailableCommand() {
			require.Contains(t, string(text), "`"+c.Name()+"`")
		}
	}
}
