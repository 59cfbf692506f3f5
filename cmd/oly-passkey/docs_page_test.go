package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// page is what tests need of a Markdown document.
type page struct {
	blocks   []block
	links    []string
	headings []string // as anchors
}

// block is one code block. A comment right before it says what the reader need
// not see:
//
//	<!-- not run: REASON -->  it cannot run in a test: it is parsed only
//	<!-- file: NAME -->       it is the content of that file, for the blocks after it
//	<!-- exits: N -->         the last command ends with that code
//	<!-- background -->       a server: it stays up until the end of the page
//	<!-- setup ... -->        shell lines that run before it
type block struct {
	language, code string
	line           int
	notRun, file   string
	exits          string
	background     bool
	setup          string
}

// commands are the shell commands of a block, continued lines joined.
func (b block) commands() (out []string) {
	var lines []string
	switch b.language {
	case "sh", "":
		lines = strings.Split(strings.ReplaceAll(b.code, "\\\n", " "), "\n")
	case "console":
		for _, c := range b.shown() {
			lines = append(lines, c.command)
		}
	}
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// shownCommand is a command of a console block and the output shown below it.
type shownCommand struct{ command, output string }

func (b block) shown() (out []shownCommand) {
	for line := range strings.Lines(b.code) {
		command, ok := strings.CutPrefix(line, "$ ")
		switch {
		case ok:
			out = append(out, shownCommand{command: command})
		case len(out) > 0 && out[len(out)-1].output == "" && strings.HasSuffix(out[len(out)-1].command, "\\\n"):
			last := &out[len(out)-1]
			last.command = strings.TrimSuffix(last.command, "\\\n") + strings.TrimSpace(line) + "\n"
		case len(out) > 0:
			out[len(out)-1].output += line
		}
	}
	return out
}

// readPage reads a Markdown document.
func readPage(t *testing.T, path string) page {
	t.Helper()
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	var p page
	anchors := map[string]int{}
	root := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(source))
	err = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.FencedCodeBlock:
			p.blocks = append(p.blocks, newBlock(n, string(n.Language(source)), source))
		case *ast.CodeBlock:
			p.blocks = append(p.blocks, newBlock(n, "", source))
		case *ast.Link:
			p.links = append(p.links, string(n.Destination))
		case *ast.Image:
			p.links = append(p.links, string(n.Destination))
		case *ast.Heading:
			p.headings = append(p.headings, anchor(string(n.Lines().Value(source)), anchors))
		}
		return ast.WalkContinue, nil
	})
	require.NoError(t, err)
	return p
}

var directive = regexp.MustCompile(`(?s)<!--\s*(not run:|file:|exits:|background|setup)(.*?)-->`)

func newBlock(n ast.Node, language string, source []byte) block {
	b := block{language: language, code: string(n.Lines().Value(source))}
	if n.Lines().Len() > 0 {
		b.line = 1 + strings.Count(string(source[:n.Lines().At(0).Start]), "\n")
	}
	for previous := n.PreviousSibling(); previous != nil; previous = previous.PreviousSibling() {
		comment, ok := previous.(*ast.HTMLBlock)
		if !ok {
			break
		}
		raw := string(comment.Lines().Value(source))
		if comment.HasClosure() {
			raw += string(comment.ClosureLine.Value(source))
		}
		for _, found := range directive.FindAllStringSubmatch(raw, -1) {
			value := strings.TrimSpace(found[2])
			switch found[1] {
			case "not run:":
				b.notRun = value
			case "file:":
				b.file = value
			case "exits:":
				b.exits = value
			case "background":
				b.background = true
			case "setup":
				b.setup = value
			}
		}
	}
	return b
}

var notAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchor makes the fragment that GitHub gives a heading; a repeated one gets a
// number.
func anchor(heading string, seen map[string]int) string {
	link := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(strings.TrimSpace(heading), "$1")
	id := strings.ReplaceAll(notAnchor.ReplaceAllString(strings.ToLower(link), ""), " ", "-")
	seen[id]++
	if n := seen[id]; n > 1 {
		return id + "-" + string(rune('0'+n-1))
	}
	return id
}
