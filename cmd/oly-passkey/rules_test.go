package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
)

// TestRulesDocumentIsFresh keeps docs/rules.md what the rules say.
func TestRulesDocumentIsFresh(t *testing.T) {
	var page bytes.Buffer
	require.NoError(t, rulesMarkdown(&page))
	golden.File(t, "../../docs/rules.md", page.Bytes(), *update)
}
