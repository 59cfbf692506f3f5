package pkg_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDependenciesHaveReasons: every direct dependency of the main module has a
// row in docs/dev/dependencies.md, and no row outlives its dependency.
func TestDependenciesHaveReasons(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	doc, err := os.ReadFile("../docs/dev/dependencies.md")
	require.NoError(t, err)
	table, _, ok := strings.Cut(string(doc), "## Modules of their own")
	require.True(t, ok)

	required := map[string]bool{}
	for line := range strings.Lines(string(mod)) {
		fields := strings.Fields(line)
		if len(fields) == 2 && strings.HasPrefix(fields[1], "v") {
			required[fields[0]] = true
		}
	}
	require.NotEmpty(t, required)
	explained := map[string]bool{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) > 3 && strings.Contains(cells[1], ".") {
			explained[strings.TrimSpace(cells[1])] = true
		}
	}
	require.Equal(t, required, explained)
}
