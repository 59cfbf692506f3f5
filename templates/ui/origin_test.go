package ui_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
	"github.com/olympusoss/oly-passkey/templates/ui"
)

// TestCheckOrigin compares the pages' own check with recorded verdicts of a real
// Chromium: it never warns about a page that works, and is silent only about what
// it documents as unknown.
func TestCheckOrigin(t *testing.T) {
	warned := 0
	for _, name := range []string{"browser", "edges"} {
		file, err := os.Open("../../pkg/webauthn/testdata/" + name + ".ndjson")
		require.NoError(t, err)
		defer func() { require.NoError(t, file.Close()) }()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			var c struct {
				Page string
				RPID *string `json:"rp_id"`
			}
			require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
			page, err := webauthn.ParsePage(c.Page)
			if err != nil || c.RPID == nil {
				continue
			}
			truth := webauthn.Browser(page, c.RPID, nil)
			why := ui.CheckOrigin(page.Origin(), *c.RPID) // a Host header is in punycode
			if truth.OK {
				require.Empty(t, why, "%s with %q", c.Page, *c.RPID)
			} else if why != "" {
				warned++
			}
		}
	}
	require.Greater(t, warned, 150)

	for page, want := range map[string]string{
		"https://auth.example.com/login": "",
		"http://localhost:4455/login":    `rp.id "example.com" is neither the page's host "localhost" nor a parent domain of it`,
		"https://127.0.0.1/login":        `the page's host "127.0.0.1" is an IP address; passkeys need a domain name`,
		"http://auth.example.com/login":  "the page was loaded over http; browsers support passkeys only over https, or on http://localhost",
		"login":                          `the page's address "login" has no host`,
	} {
		require.Equal(t, want, ui.CheckOrigin(page, "example.com"), page)
	}
}
