package webauthn_test

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// TestParsePageAgreesWithChromium compares the URL parser with `new URL` of Chromium
// 156: the same texts are URLs, with the same origin and host. Schemes that no web
// page can have are left out.
func TestParsePageAgreesWithChromium(t *testing.T) {
	// Chromium keeps these two characters as %20 and %2A. The URL standard rejects the
	// blank and keeps the star. Chromium also accepts a port that no server can have.
	deviations := []string{"https://a b", "https://example.com%20", "https://a*b", "https://*.example", "https://a:0"}
	f, err := os.Open("testdata/urls.ndjson")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	n := 0
	lines := bufio.NewScanner(f)
	for ; lines.Scan(); n++ {
		var want struct{ URL, Origin, Host, Protocol string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &want))
		page, err := webauthn.ParsePage(want.URL)
		switch {
		case slices.Contains(deviations, want.URL), !slices.Contains([]string{"", "http:", "https:", "ws:", "wss:", "ftp:"}, want.Protocol):
		case want.Origin == "":
			require.Error(t, err, "%q is not a URL, but is parsed as %+v", want.URL, page)
		default:
			require.NoError(t, err, want.URL)
			require.Equal(t, want.Origin, page.Origin(), want.URL)
			require.Equal(t, want.Host, page.Host, want.URL)
		}
		if err != nil {
			require.Zero(t, page, "an error comes with nothing")
		}
	}
	require.NoError(t, lines.Err())
	require.Equal(t, 220, n)
}

// TestParsePageWithoutHost: only the scheme is known of these.
func TestParsePageWithoutHost(t *testing.T) {
	for url, scheme := range map[string]string{"about:blank": "about", "data:,x": "data", "A+b-c.9:x": "a+b-c.9"} {
		page, err := webauthn.ParsePage(url)
		require.NoError(t, err)
		require.Equal(t, webauthn.Page{Scheme: scheme}, page)
	}
	for _, url := range []string{"a_b:x", "a/b:x", ":x", "[a:x", "`a:x"} {
		page, err := webauthn.ParsePage(url)
		require.EqualError(t, err, `page "`+url+`" has no scheme; write "https://" before the host`)
		require.Zero(t, page)
	}
}

// TestParsePageCorners: each of these once showed, or could hide, a mistake.
func TestParsePageCorners(t *testing.T) {
	for _, tc := range []struct{ url, want string }{ // the origin, or what is wrong
		{"http:a", "http://a"},
		{"ws:a", "ws://a"},
		{"wss:/a", "wss://a"},
		{"ftp:\\\\a", "ftp://a"},
		{"https://a!", "https://a!"},
		{"z://h:1", "z://h:1"},
		{"!https://a", `page "!https://a" has no scheme; write "https://" before the host`},
		{"https://?a", `page "https://?a" has no host`},
		{"https://:443", `page "https://:443" has no host`},
		{"https://a:0", `page "https://a:0" has the port "0", which is not allowed`},
		{"https://<a", `page "https://<a" contains '<', which is not allowed in a host name`},
		{"https://a\x80b", "page \"https://a\\x80b\" has the host \"a\\x80b\", which cannot be converted to punycode"},
		{"https://a%80b", "page \"https://a%80b\" has the host \"a\\x80b\", which cannot be converted to punycode"},
		{"https://\u00ad", "page \"https://\\u00ad\" has the host \"\\u00ad\", which cannot be converted to punycode"},
		{"https://ü_x.example", "https://xn--_x-wka.example"},
		{"https://ab--cü.example", "https://xn--ab--c-ova.example"},
		{"https://0x1ffffffff", `page "https://0x1ffffffff" has the host "0x1ffffffff", which ends in a number but is not an IPv4 address`},
		{"https://0xfffffffffffffffffffff", `page "https://0xfffffffffffffffffffff" has the host "0xfffffffffffffffffffff", which ends in a number but is not an IPv4 address`},
		{"https://a.0xfffffffffffffffffffff", `page "https://a.0xfffffffffffffffffffff" has the host "a.0xfffffffffffffffffffff", which ends in a number but is not an IPv4 address`},
	} {
		page, err := webauthn.ParsePage(tc.url)
		if err != nil {
			require.EqualError(t, err, tc.want)
			continue
		}
		require.Equal(t, tc.want, page.Origin(), tc.url)
	}
}
