package pages

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tool finds a file of a development tool that npm installs.
func tool(t *testing.T, path ...string) string {
	t.Helper()
	file := filepath.Join(append([]string{"..", "node_modules"}, path...)...)
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("no %s; install it: npm ci --prefix kratos/e2e --ignore-scripts", filepath.Join(path...))
	}
	return file
}

// TestTypes checks the scripts against the types in their comments.
func TestTypes(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), tool(t, ".bin", "tsc"), "-p", "..").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// accessible lets axe-core look at the page as it is shown.
func (p *tab) accessible() {
	p.t.Helper()
	axe, err := os.ReadFile(tool(p.t, "axe-core", "axe.min.js"))
	require.NoError(p.t, err)
	p.eval(`(() => { if (!globalThis.axe) { ` + string(axe) + ` } })()`)
	var violations []struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML string }
	}
	text := p.eval(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => JSON.stringify(violations))`)
	require.NoError(p.t, json.Unmarshal([]byte(text), &violations))
	var found []string
	for _, v := range violations {
		for _, n := range v.Nodes {
			found = append(found, v.Impact+" "+v.ID+": "+v.Help+": "+n.HTML)
		}
	}
	require.Empty(p.t, strings.Join(found, "\n"))
}
