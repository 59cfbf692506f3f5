package report_test

import (
	"flag"
	"os"
	"strings"
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
	now, then := strings.Split(page, "\n"), strings.Split(string(have), "\n")
	for i := range min(len(now), len(then)) {
		require.Equal(t, now[i], then[i], "docs/hardness.md:%d is stale; run: make hardness", i+1)
	}
	require.Len(t, then, len(now), "docs/hardness.md is stale; run: make hardness")
}
