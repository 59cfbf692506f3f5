package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// TestCommandsDocumentIsFresh keeps docs/commands.md what --help says.
func TestCommandsDocumentIsFresh(t *testing.T) {
	const path = "../../docs/commands.md"
	var want strings.Builder
	want.WriteString("# Commands\n\n<!-- Generated from --help: go test ./cmd/oly-passkey -run CommandsDocument -update -->\n\n" +
		"Exit codes, the same for every command: 0 clean, 1 findings, 2 the command line makes no sense, 3 it could not finish.\n" +
		"Results go to stdout, progress and logs to stderr. Where a flag takes several values it can be given several times.\n")
	root := newRoot(&app{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
	for _, c := range root.Commands() {
		describe(&want, c)
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want.String()), 0o600))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	wantLines, gotLines := strings.Split(want.String(), "\n"), strings.Split(string(got), "\n")
	for i := range min(len(wantLines), len(gotLines)) {
		require.Equal(t, wantLines[i], gotLines[i], "docs/commands.md line %d is stale; run: go test ./cmd/oly-passkey -run CommandsDocument -update", i+1)
	}
	require.Len(t, gotLines, len(wantLines))
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
