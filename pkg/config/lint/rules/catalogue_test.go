package rules_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/shared"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
)

// withoutEdit returns the rules of the catalogue whose fix is not an edit of a
// file, each with the reason.
func withoutEdit() map[string]string {
	return map[string]string{
		"passkey-signup-unverified-address": "how users sign up is a decision",
		"hook-blocks-login":                 "the hook may be what stops a sign-in",
		"hook-nil-identity-id":              "the hook may be what rejects a sign-up",
		"rp-id-too-narrow":                  "existing passkeys are bound to the rp.id",
		"rp-differs-between-methods":        "existing passkeys are bound to the rp.id",
		"hook-inline-secret":                "the receiver knows the key",
		"display-trait-optional":            "requiring a trait rejects sign-ups that worked",
		"env-csv-space":                     "the value is in the environment",
		"env-bool":                          "the value is in the environment",
		"env-index-nulls":                   "the value is in the environment",
	}
}

// TestCatalogue compares the rules with the list of what a linter should know:
// each static rule exists, and a case shows its fix or proposal if it has one.
func TestCatalogue(t *testing.T) {
	text, err := os.ReadFile(shared.Path(t, "facts/rules.md"))
	require.NoError(t, err)
	known := make(map[string]bool)
	for _, r := range rules.All() {
		known[r.ID] = true
	}
	row := regexp.MustCompile(`(?m)^\| (?:RP|OR|SC|FL|PO|CF|WH)\d+ ([a-z0-9-]+) \|.*\| *([AP-]) *\|$`)
	found := row.FindAllStringSubmatch(string(text), -1)
	require.Greater(t, len(found), 100)
	for _, m := range found {
		id, fix := m[1], m[2]
		require.True(t, known[id], "no rule %s", id)
		archive, err := os.ReadFile(strings.ReplaceAll(id, "-", "_") + ".txtar")
		require.NoError(t, err)
		shows := strings.Contains(string(archive), "/"+fixedPart) || strings.Contains(string(archive), "/"+suggestedPart)
		if fix != "-" && withoutEdit()[id] == "" {
			require.True(t, shows, "no case of %s shows a patch", id)
		}
	}
}
