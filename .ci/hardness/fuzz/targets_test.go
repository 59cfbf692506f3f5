package fuzz_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/ci/hardness/fuzz"
)

const root = "../../.."

// TestEveryTargetHasSeeds: a target says what holds, and has seeds of its own in
// the repository.
func TestEveryTargetHasSeeds(t *testing.T) {
	targets, err := fuzz.Targets(root)
	require.NoError(t, err)
	require.Greater(t, len(targets), 30)
	for _, target := range targets {
		at := target.Package + " " + target.Name
		require.NotEmpty(t, target.Property, "%s has no comment that says what holds", at)
		require.NotZero(t, target.Seeds, "%s: commit seeds in %s/testdata/fuzz/%s", at, target.Package, target.Name)
	}
}

// TestEveryParserHasItsTarget: parsers.tsv names for each parser the target that
// reaches it, or why it has none; it names no target and no parser that is not
// there.
func TestEveryParserHasItsTarget(t *testing.T) {
	targets, err := fuzz.Targets(root)
	require.NoError(t, err)
	exists := map[string]bool{}
	for _, target := range targets {
		exists[target.Package+" "+target.Name] = true
	}
	listed := readParsers(t)
	parsers, err := fuzz.Parsers(root)
	require.NoError(t, err)
	require.Greater(t, len(parsers), 30)
	for _, p := range parsers {
		at := p.Package + " " + p.Name
		entry, ok := listed[at]
		require.True(t, ok, "parsers.tsv does not say which target fuzzes %s", at)
		if target, none := strings.CutPrefix(entry, "none: "); none {
			require.NotEmpty(t, target, at)
		} else {
			require.True(t, exists[entry], "%s: there is no target %q", at, entry)
		}
		delete(listed, at)
	}
	require.Empty(t, listed, "parsers.tsv lists what is no more")
}

func readParsers(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("parsers.tsv")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	listed := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := lines.Text(); line != "" && line[0] != '#' {
			at, entry, ok := strings.Cut(line, "\t")
			require.True(t, ok, "want a parser and its target, separated by a tab: %q", line)
			listed[at] = entry
		}
	}
	require.NoError(t, lines.Err())
	return listed
}
