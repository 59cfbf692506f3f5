package explain_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the document")

// TestDocument holds docs/troubleshooting.md against the table.
func TestDocument(t *testing.T) {
	const name = "../../docs/troubleshooting.md"
	var b strings.Builder
	require.NoError(t, table(t).WriteDocument(&b))
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(b.String()), 0o644))
	}
	have, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(have), "stale; run go test ./pkg/explain -run Document -update")
	for _, m := range table(t).Messages {
		require.Contains(t, b.String(), "\n### "+m.ID+"\n")
	}
	for id := range table(t).Causes {
		require.Contains(t, b.String(), "\n### Cause: "+id+"\n")
		require.Contains(t, b.String(), "(#cause-"+id+")\n")
	}
}
