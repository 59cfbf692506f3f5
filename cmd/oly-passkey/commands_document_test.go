package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
)

// TestCommandsDocumentIsFresh keeps docs/commands.md what --help says.
func TestCommandsDocumentIsFresh(t *testing.T) {
	var page strings.Builder
	page.WriteString("# Commands\n\n<!-- Generated from --help: go test ./cmd/oly-passkey -run CommandsDocument -update -->\n\n" +
		"Exit codes, the same for every command: 0 clean, 1 findings, 2 the command line is invalid, 3 the command could not finish.\n" +
		"Results go to stdout, progress and logs to stderr. Repeatable flags can be given several times.\n")
	root := newRoot(&app{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
	for _, c := range root.Commands() {
		describe(&page, c)
	}
	golden.File(t, "../../docs/commands.md", []byte(page.String()), *update)
}

// describe writes one command, and those below it.
func describe(w *strings.Builder, c *cobra.Command) {
	if !c.IsAvailableCommand() && c.Name() != "completion" {
		return
	}
	w.WriteString("\n## " + c.CommandPath() + "\n\n")
	c.InitDefaultHelpFlag()
	var help bytes.Buffer
	c.SetOut(&help)
	_ = c.Help()
	w.WriteString("```text\n" + strings.TrimSpace(help.String()) + "\n```\n")
	for _, child := range c.Commands() {
		describe(w, child)
	}
}
