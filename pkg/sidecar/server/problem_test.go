package server

import (
	"os"
	"regexp"
	"testing"

	"github.com/olympusoss/oly-passkey/pkg/api"

	"github.com/stretchr/testify/require"
)

// TestProblemsAreExplained compares the problems that this package makes with
// the page that their types point to.
func TestProblemsAreExplained(t *testing.T) {
	page, err := os.ReadFile("../../../docs/problems.md")
	require.NoError(t, err)
	var explained []string
	for _, m := range regexp.MustCompile(`(?m)^## (.+)$`).FindAllSubmatch(page, -1) {
		explained = append(explained, string(m[1]))
	}
	require.ElementsMatch(t, api.Problems(), explained)
}
