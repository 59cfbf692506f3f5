package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
)

// TestDocumentOf reads every rule's document as it is built in.
func TestDocumentOf(t *testing.T) {
	for _, r := range rules.All() {
		d, ok := rules.DocumentOf(r.ID)
		require.True(t, ok, r.ID)
		require.NotEmpty(t, d.Prose, r.ID)
		var names []string
		for _, f := range d.Example {
			names = append(names, f.Name)
		}
		require.Contains(t, names, "want", r.ID)
	}
	for _, id := range []string{"", "no-such-rule", "rp_id_missing", "../rules/rp-id-missing"} {
		_, ok := rules.DocumentOf(id)
		require.False(t, ok, id)
	}
}
