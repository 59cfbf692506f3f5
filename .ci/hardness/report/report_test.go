package report_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/ci/hardness/report"
)

var update = flag.Bool("update", false, "rewrite docs/hardness.md")

// TestPageIsFresh: docs/hardness.md says what the code says.
func TestPageIsFresh(t *testing.T) {
	const name = "../../../docs/hardness.md"
	page, err := report.Page("../../..")
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(page), 0o600))
	}
	have, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, page, string(have), "stale; run: make hardness")
}
