package sidecar

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestProblemsAreExplained compares the problems that this package makes with
// the page that their types point to.
func TestProblemsAreExplained(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	made := map[string]bool{}
	for _, name := range files {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`newProblem\([^"]+"([a-z-]+)"`).FindAllSubmatch(source, -1) {
			made[string(m[1])] = true
		}
	}
	page, err := os.ReadFile("../../docs/problems.md")
	require.NoError(t, err)
	explained := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^## (.+)$`).FindAllSubmatch(page, -1) {
		explained[string(m[1])] = true
	}
	require.Equal(t, made, explained)
}
