package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/stretchr/testify/require"
)

var manDir = flag.String("man", "", "the folder that TestManPages writes the manual pages to")

// TestManPages writes a manual page for each command; a release packs them. It is
// a test, because the library that writes them costs every start of the program.
func TestManPages(t *testing.T) {
	dir := *manDir
	if dir == "" {
		dir = t.TempDir()
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	root := newRoot(&app{})
	root.DisableAutoGenTag = true
	root.InitDefaultCompletionCmd()
	date := commitDate(t)
	require.NoError(t, doc.GenManTree(root, &doc.GenManHeader{Section: "1", Manual: "oly-passkey", Source: "oly-passkey", Date: &date}, dir))
	for _, c := range commandsOf(root) {
		page, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"))
		require.NoError(t, err)
		require.Contains(t, string(page), ".SH SYNOPSIS\n")
	}
}

// commitDate makes the same pages of the same source, whenever that is.
func commitDate(t *testing.T) time.Time {
	t.Helper()
	out, err := exec.Command("git", "log", "-1", "--format=%cI").Output()
	if err != nil {
		return time.Unix(0, 0).UTC() // no clone
	}
	date, err := time.Parse(time.RFC3339, strings.TrimSpace(string(out)))
	require.NoError(t, err)
	return date.UTC()
}

// commandsOf returns the visible commands, root first.
func commandsOf(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() {
			all = append(all, commandsOf(child)...)
		}
	}
	return all
}
