package webauthn_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

func TestKratosGate(t *testing.T) {
	const origin = "https://auth.example.com"
	for _, tc := range []struct {
		name    string
		origins []string
		baseURL string
		reason  string // empty: Kratos agrees
	}{
		{"equal", []string{"https://other.example.com", origin}, "", ""},
		{"letter case", []string{"HTTPS://Auth.Example.com"}, "", ""},
		{"trailing slash", []string{origin + "/"}, "", `the browser sends the origin "https://auth.example.com", but Kratos expects "https://auth.example.com/"`},
		{"default port", []string{origin + ":443"}, "", `the browser sends the origin "https://auth.example.com", but Kratos expects "https://auth.example.com:443"`},
		{"a long list", []string{"a", "b", "c", "d", "e", "f", "g"}, "", `the browser sends the origin "https://auth.example.com", but Kratos expects "a", "b", "c", "d", "e" and 2 more`},
		{"empty list", []string{}, "https://x/", `the list of origins is empty, so Kratos rejects every ceremony; the browser sends "https://auth.example.com"`},
		{"default of base_url", nil, "https://kratos.internal:4433/", ""},
		{"http base_url", nil, "http://kratos:4433/", `no origins are configured, so Kratos only expects "http://auth.example.com", derived from base_url's scheme and rp.id, but the browser sends "https://auth.example.com"`},
		{"unusable base_url", nil, "kratos", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := webauthn.Kratos(origin, "auth.example.com", tc.origins, tc.baseURL)
			if tc.reason == "" {
				require.True(t, v.OK)
				require.Equal(t, webauthn.GateNone, v.Gate)
				return
			}
			require.Equal(t, webauthn.Verdict{Gate: webauthn.GateKratos, Class: webauthn.ClassOriginNotConfigured, Reason: tc.reason}, v)
		})
	}
}

// TestPredictAsksTheGatesInTheirOrder: what the browser rejects never reaches Kratos,
// and Kratos is considered only if its configuration is known.
func TestPredictAsksTheGatesInTheirOrder(t *testing.T) {
	page, err := webauthn.ParsePage("https://auth.example.com/login")
	require.NoError(t, err)
	apex, other := "example.com", "example.org"
	for _, tc := range []struct {
		name string
		q    webauthn.Query
		gate webauthn.Gate
	}{
		{"browser only", webauthn.Query{RPID: &apex}, webauthn.GateNone},
		{"browser rejects first", webauthn.Query{RPID: &other, Origins: []string{"https://example.org"}}, webauthn.GateBrowser},
		{"kratos rejects", webauthn.Query{RPID: &apex, Origins: []string{"https://example.com"}}, webauthn.GateKratos},
		{"kratos rejects its default", webauthn.Query{RPID: &apex, BaseURL: "https://auth.example.com/"}, webauthn.GateKratos},
		{"omitted rp.id counts as the host", webauthn.Query{BaseURL: "https://auth.example.com/"}, webauthn.GateNone},
		{"both agree", webauthn.Query{RPID: &apex, Origins: []string{"https://auth.example.com"}}, webauthn.GateNone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.q.Page = page
			v := webauthn.Predict(tc.q)
			require.Equal(t, tc.gate, v.Gate, v.Reason)
			require.Equal(t, tc.gate == webauthn.GateNone, v.OK)
		})
	}
}

// FuzzBrowser: a verdict has a class and a reason, and only a document that is
// JSON makes a foreign rp.id work.
func FuzzBrowser(f *testing.F) {
	f.Add("https://auth.example.com", "example.com", 200, "application/json", []byte(`{"origins":["https://auth.example.com"]}`))
	f.Add("https://app.example.org", "example.com", 200, "application/json; charset=utf-8", []byte(`{"origins":["https://app.example.org",1,"\ud800"]}`))
	f.Add("http://foo.localhost.:1", ".localhost", 204, "", []byte("[[["))
	f.Fuzz(func(t *testing.T, raw, rpID string, status int, contentType string, body []byte) {
		page, err := webauthn.ParsePage(raw)
		if err != nil {
			return
		}
		v := webauthn.Browser(page, &rpID, &webauthn.Document{Status: status, ContentType: contentType, Body: body})
		require.Equal(t, v.OK, v.Class == webauthn.ClassOK)
		require.NotEmpty(t, v.Reason)
		// Only a related origins document can make a foreign rp.id work.
		if alone := webauthn.Browser(page, &rpID, nil); v.OK && !alone.OK {
			require.True(t, json.Valid(trimBOM(body)), "%q", body)
		}
	})
}

func trimBOM(body []byte) []byte {
	if len(body) >= 3 && string(body[:3]) == "\ufeff" {
		return body[3:]
	}
	return body
}

func BenchmarkBrowser(b *testing.B) {
	page, err := webauthn.ParsePage("https://auth.example.com")
	require.NoError(b, err)
	rpID := "example.com"
	b.ReportAllocs()
	for b.Loop() {
		webauthn.Browser(page, &rpID, nil)
	}
}

func BenchmarkParsePage(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = webauthn.ParsePage("https://auth.example.com:8443/login?flow=1")
	}
}
