package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
)

// TestDocumentOf reads the embedded document of every rule.
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

// TestSymptoms checks that the index by symptom contains every rule, no unknown
// rule, and no rule twice for one symptom.
func TestSymptoms(t *testing.T) {
	indexed := make(map[string]bool)
	for _, s := range rules.Symptoms() {
		once := make(map[string]bool)
		for _, id := range s.Rules {
			require.False(t, once[id], "%s: %s", s.Seen, id)
			once[id], indexed[id] = true, true
		}
	}
	for _, r := range rules.All() {
		require.True(t, indexed[r.ID], "no symptom of %s", r.ID)
		delete(indexed, r.ID)
	}
	require.Empty(t, indexed)
}
