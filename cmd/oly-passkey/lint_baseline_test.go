package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// TestLintAsksTheSidecarWhomItLocksOut changes rp.id while the sidecar's index has
// no user, one user with two passkeys, and three users.
func TestLintAsksTheSidecarWhomItLocksOut(t *testing.T) {
	other := func(c string) string { return c + raw[1:] }
	for _, c := range []struct {
		name   string
		people map[string][]string
		want   string
		most   string // the users whom the removed origin locks out
	}{
		{"nobody", nil, "info: rp.id of passkey changed from \"example.com\" to \"example.org\"; the sidecar knows no user with a key, so no one is locked out [rp-id-changed]", "0 users"},
		{
			"one",
			map[string][]string{somebody: {raw, other("A")}},
			"error: rp.id of passkey changed from \"example.com\" to \"example.org\": all existing keys stop working, which locks out 1 user [rp-id-changed]",
			"1 user",
		},
		{
			"three",
			map[string][]string{somebody: {raw}, "2" + somebody[1:]: {other("A")}, "3" + somebody[1:]: {other("B")}, "4" + somebody[1:]: {}},
			"error: rp.id of passkey changed from \"example.com\" to \"example.org\": all existing keys stop working, which locks out 3 users [rp-id-changed]",
			"3 users",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			file := func(name, domain string) string {
				path := filepath.Join(dir, name)
				text := strings.ReplaceAll(`selfservice:
  methods:
    passkey: {enabled: true, config: {rp: {id: DOMAIN, display_name: Example, origins: ["https://DOMAIN"]}}}
`, "DOMAIN", domain)
				require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
				return path
			}
			before, now := file("before.yml", "example.com"), file("kratos.yml", "example.org")
			url, keyFile := serveBeside(t, c.people)
			for deadline := time.Now().Add(20 * time.Second); ; {
				code, stdout, stderr := command(t.Context(), "", "lint", "-c", now, "--baseline", before, "--sidecar", url, "--api-key-file", keyFile)
				if code == cli.ExitFailed && strings.Contains(stderr, "its index is not complete yet") && time.Now().Before(deadline) {
					continue // it has just started
				}
				require.Empty(t, stderr)
				require.Contains(t, strings.Split(stdout, "\n"), now+":3:48: "+c.want)
				require.Contains(t, strings.Split(stdout, "\n"), now+":3:84: error: origin \"https://example.com\" was removed from passkey: "+
					"users can no longer sign in there, which locks out at most "+c.most+" [origin-removed]")
				return
			}
		})
	}
}
