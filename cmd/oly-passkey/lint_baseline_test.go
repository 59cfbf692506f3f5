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

// TestLintAsksTheSidecarWhomItLocksOut changes rp.id beside a sidecar that knows
// nobody, one person with two passkeys, and three people.
func TestLintAsksTheSidecarWhomItLocksOut(t *testing.T) {
	other := func(c string) string { return c + raw[1:] }
	for _, c := range []struct {
		name   string
		people map[string][]string
		want   string
		most   string // whom the removed origin locks out
	}{
		{"nobody", nil, "info: rp.id of passkey was \"example.com\" and is \"example.org\"; the sidecar knows nobody with a key, so nobody is locked out [rp-id-changed]", "0 people"},
		{
			"one",
			map[string][]string{somebody: {raw, other("A")}},
			"error: rp.id of passkey was \"example.com\" and is \"example.org\": no key that anybody has works any more, which locks out 1 person [rp-id-changed]",
			"1 person",
		},
		{
			"three",
			map[string][]string{somebody: {raw}, "2" + somebody[1:]: {other("A")}, "3" + somebody[1:]: {other("B")}, "4" + somebody[1:]: {}},
			"error: rp.id of passkey was \"example.com\" and is \"example.org\": no key that anybody has works any more, which locks out 3 people [rp-id-changed]",
			"3 people",
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
				require.Contains(t, strings.Split(stdout, "\n"), now+":3:84: error: origin \"https://example.com\" of passkey was removed: "+
					"people who sign in there cannot any more, which locks out "+c.most+" at most [origin-removed]")
				return
			}
		})
	}
}
