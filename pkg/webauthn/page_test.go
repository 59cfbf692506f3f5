package webauthn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

func TestParsePageOrigin(t *testing.T) {
	for _, tc := range []struct{ page, origin string }{
		{"https://example.com", "https://example.com"},
		{"HTTPS://EXAMPLE.com:443/login?flow=1#top", "https://example.com"},
		{"http://localhost:80", "http://localhost"},
		{"http://localhost:4455/login", "http://localhost:4455"},
		{"https://example.com:8443", "https://example.com:8443"},
		{"https://user:secret@example.com/", "https://example.com"},
		{"https://login.bücher.de", "https://login.xn--bcher-kva.de"},
		{"https://ex%61mple.com", "https://example.com"},
		{" https:\\\\example.com\\x ", "https://example.com"},
		{"https://2130706433", "https://127.0.0.1"},
		{"https://0x7f.1", "https://127.0.0.1"},
		{"http://[0:0::1]:8080", "http://[::1]:8080"},
		{"https://[::ffff:127.0.0.1]", "https://[::ffff:7f00:1]"},
		{"about:blank", "null"},
		{"data:text/html,x", "null"},
	} {
		page, err := webauthn.ParsePage(tc.page)
		require.NoError(t, err, tc.page)
		require.Equal(t, tc.origin, page.Origin(), tc.page)
	}
}

func TestParsePageErrors(t *testing.T) {
	for _, tc := range []struct{ page, err string }{
		{"", "the page is empty: pass its URL, such as https://auth.example.com"},
		{"example.com", `page "example.com" has no scheme; write "https://" before the host`},
		{"1http://example.com", `page "1http://example.com" has no scheme; write "https://" before the host`},
		{"https://", `page "https://" has no host`},
		{"https://example.com:x", `page "https://example.com:x" has the port "x", which is not a number`},
		{"https://example.com:65536", `page "https://example.com:65536" has the port "65536", which is above 65535`},
		{"https://exa mple.com", `page "https://exa mple.com" contains ' ', which is not allowed in a host name`},
		{"https://1.2.3.4.5", `page "https://1.2.3.4.5" has the host "1.2.3.4.5", which ends in a number but is not an IPv4 address`},
		{"https://256.1.1.1", `page "https://256.1.1.1" has the host "256.1.1.1", which ends in a number but is not an IPv4 address`},
		{"https://[::1", `page "https://[::1" has the host "[::1", which is not an IPv6 address`},
		{"https://exa%zzmple.com", `page "https://exa%zzmple.com" has invalid percent-encoding in its host "exa%zzmple.com"`},
		{"https://xn--é.com", `page "https://xn--é.com" has the host "xn--é.com", which cannot be converted to punycode`},
	} {
		_, err := webauthn.ParsePage(tc.page)
		require.EqualError(t, err, tc.err)
	}
}

func TestRegistrableDomain(t *testing.T) {
	for _, tc := range []struct {
		host, domain string
		suffix       bool
	}{
		{"example.com", "example.com", false},
		{"a.b.example.com.", "example.com", false},
		{"login.example.co.uk", "example.co.uk", false},
		{"co.uk", "", true},
		{"com", "", true},
		{"github.io", "", true},
		{"foo.github.io", "foo.github.io", false},
		{"a.www.ck", "www.ck", false},
		{"foo.ck", "", true},
		{"corp", "", false}, // a single label that the list does not know
		{"auth.corp", "auth.corp", false},
		{"127.0.0.1", "", false},
		{"[::1]", "", false},
		{"", "", false},
	} {
		require.Equal(t, tc.domain, webauthn.RegistrableDomain(tc.host), tc.host)
		require.Equal(t, tc.suffix, webauthn.IsPublicSuffix(tc.host), tc.host)
	}
}

// FuzzParsePage: an origin is canonical: reading it again changes nothing.
func FuzzParsePage(f *testing.F) {
	for _, seed := range []string{"https://example.com:443/x", "http://[::1]:80", "https:\\\\a@b:1", "data:,", "https://0x7f.1.", "https://ｅxample.com", "blob:https://a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		page, err := webauthn.ParsePage(raw)
		if err != nil || page.Host == "" {
			return
		}
		// The origin is canonical: reading it again changes nothing.
		again, err := webauthn.ParsePage(page.Origin())
		require.NoError(t, err, page.Origin())
		require.Equal(t, page, again)
	})
}
