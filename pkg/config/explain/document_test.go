package explain_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
)

var update = flag.Bool("update", false, "write the document")

// TestDocument compares docs/troubleshooting.md with the table.
func TestDocument(t *testing.T) {
	var b strings.Builder
	require.NoError(t, table(t).WriteDocument(&b))
	golden.File(t, "../../../docs/troubleshooting.md", []byte(b.String()), *update)
	require.Contains(t, b.String(), "\n**rp.id was changed after users had enrolled")
	require.NotRegexp(t, `(\*\*|\[)([A-Z][a-z]*\d*[._]\w|IOS\b)`, b.String(), "identifiers and names keep their first letter")
	for _, m := range table(t).Messages {
		require.Contains(t, b.String(), "\n### "+m.ID+"\n")
	}
	for id := range table(t).Causes {
		require.Contains(t, b.String(), "\n### Cause: "+id+"\n")
		require.Contains(t, b.String(), "(#cause-"+id+")\n")
	}
}
