package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRulesDocumentIsFresh keeps docs/rules.md what the rules say.
func TestRulesDocumentIsFresh(t *testing.T) {
	const path = "../../docs/rules.md"
	var got bytes.Buffer
	require.NoError(t, rulesMarkdown(&got))
	if *update {
		require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String(), "run: go test ./cmd/oly-passkey -run RulesDocument -update")
}
