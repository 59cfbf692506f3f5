package main

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents returns the pages that users read and copy from.
func documents(t *testing.T) []string {
	t.Helper()
	all := []string{"../../README.md", "../../CONTRIBUTING.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../docs/*/*.md", "../../docs/*/*/*.md", "../../examples/README.md", "../../examples/*/README.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		all = append(all, found...)
	}
	return all
}

// TestDocumentedCommands: the command tree takes every oly-passkey command that
// a document shows, whether TestDocuments runs it or not.
func TestDocumentedCommands(t *testing.T) {
	count := 0
	for _, path := range documents(t) {
		for _, block := range readPage(t, path).blocks {
			for _, command := range block.commands() {
				args := words(command)
				if len(args) == 0 || args[0] != "oly-passkey" {
					continue
				}
				count++
				root := newRoot(&app{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
				root.InitDefaultCompletionCmd()
				found, rest, err := root.Find(args[1:])
				require.NoError(t, err, "%s:%d: %s", path, block.line, command)
				require.NotEqual(t, root, found, "%s:%d: %s", path, block.line, command)
				require.NoError(t, found.ParseFlags(rest), "%s:%d: %s", path, block.line, command)
				require.NoError(t, found.ValidateArgs(found.Flags().Args()), "%s:%d: %s", path, block.line, command)
			}
		}
	}
	require.Greater(t, count, 40)
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
		case r == ' ' || r == '\n':
			if inWord {
				out = append(out, word.String())
			}
			word.Reset()
			inWord = false
		case !inWord && strings.ContainsRune("#<>|&;)", r):
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

// TestDocumentLinks: what a document links to inside of the project is there,
// headings included.
func TestDocumentLinks(t *testing.T) {
	pages := map[string]page{}
	read := func(path string) page {
		if _, ok := pages[path]; !ok {
			pages[path] = readPage(t, path)
		}
		return pages[path]
	}
	for _, path := range documents(t) {
		for _, link := range read(path).links {
			target, err := url.Parse(link)
			require.NoError(t, err, "%s links to %q", path, link)
			if target.Scheme != "" {
				require.Contains(t, []string{"https", "http", "mailto"}, target.Scheme, "%s links to %q", path, link)
				continue
			}
			file := path
			if target.Path != "" {
				file = filepath.Join(filepath.Dir(path), target.Path)
			}
			_, err = os.Stat(file)
			require.NoError(t, err, "%s links to %q", path, link)
			if target.Fragment != "" && filepath.Ext(file) == ".md" {
				require.Contains(t, read(file).headings, target.Fragment, "%s links to %q", path, link)
			}
		}
	}
}

// TestReadmeNamesEveryCommand requires every command in the README.
func TestReadmeNamesEveryCommand(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	for _, c := range newRoot(&app{}).Commands() {
		if c.IsAvailableCommand() {
			require.Contains(t, string(text), "`"+c.Name()+"`")
		}
	}
}

// TestEveryDocumentIsFound requires every page in the index of the documentation.
func TestEveryDocumentIsFound(t *testing.T) {
	listed := map[string]bool{}
	for _, link := range readPage(t, "../../docs/README.md").links {
		listed[strings.TrimSuffix(link, "/")] = true
	}
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	for _, page := range pages {
		if name := filepath.Base(page); name != "README.md" {
			require.True(t, listed[name], "docs/README.md does not name %s", name)
		}
	}
}
