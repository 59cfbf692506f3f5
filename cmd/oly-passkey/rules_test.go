package main

import (
	"bytes"
	"os"
	"strings"
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
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")
	for i := range min(len(wantLines), len(gotLines)) {
		require.Equal(t, wantLines[i], gotLines[i], "docs/rules.md line %d is stale; run: go test ./cmd/oly-passkey -run RulesDocument -update", i+1)
	}
	require.Len(t, gotLines, len(wantLines))
}
