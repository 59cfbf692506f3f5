package wellknown_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

// served is the response of a server to all paths.
type served struct {
	status      int
	contentType string
	body        string
	location    string
}

// fetch asks a real TLS server, which has the name example.com.
func fetch(t *testing.T, name wellknown.Name, s served) *wellknown.Fetched {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.location != "" && !strings.HasSuffix(r.URL.Path, "/moved") {
			w.Header().Set("Location", s.location)
			w.WriteHeader(http.StatusFound)
			return
		}
		w.Header()["Content-Type"] = []string{s.contentType}
		w.WriteHeader(s.status)
		_, _ = w.Write([]byte(s.body))
	}))
	t.Cleanup(server.Close)
	return fetcherFor(t, server).Fetch(t.Context(), "example.com", name)
}

func fetcherFor(t *testing.T, server *httptest.Server) *wellknown.Fetcher {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	f := wellknown.NewFetcher(wellknown.FetchOptions{
		Resolve: map[string]string{"example.com:443": server.Listener.Addr().String()},
		Roots:   roots,
	})
	t.Cleanup(f.Close)
	return f
}

func lines(problems []wellknown.Problem) []string {
	out := []string{}
	for _, p := range problems {
		out = append(out, strings.TrimPrefix(p.String(), "https://example.com/.well-known/"))
	}
	return out
}

const jsonType = "application/json"

func ok(body string) served { return served{200, jsonType, body, ""} }

func relatedSite() *wellknown.Site {
	return &wellknown.Site{RPID: "example.com", Configured: true, Origins: []string{"https://auth.example.com", "https://app.example.org"}}
}

func TestCheckRelatedOrigins(t *testing.T) {
	six := `{"origins":["https://a.test1.com","https://a.test2.com","https://a.test3.com","https://a.test4.com","https://a.test5.com","https://app.example.org"]}`
	for name, c := range map[string]struct {
		served served
		want   []string
	}{
		"right":         {ok(`{"origins":["https://app.example.org"]}`), []string{}},
		"charset":       {served{200, "application/json; charset=utf-8", `{"origins":["https://app.example.org"]}`, ""}, []string{}},
		"missing":       {served{404, "text/plain", "no", ""}, []string{"webauthn: error: is missing (status 404) [ror-document]"}},
		"server error":  {served{500, "text/plain", "no", ""}, []string{"webauthn: error: responds with status 500, but browsers expect 200 [ror-document]"}},
		"sign-in":       {served{401, jsonType, "{}", ""}, []string{"webauthn: error: responds with status 401, but browsers expect 200 [ror-document]"}},
		"html":          {served{200, "text/html; charset=utf-8", "<!doctype html>", ""}, []string{"webauthn: error: responds with an HTML page and status 200 instead of the document [spa-fallback]"}},
		"type":          {served{200, "text/plain", `{"origins":["https://app.example.org"]}`, ""}, []string{`webauthn: error: has the content type "text/plain", but browsers expect "application/json" [ror-document]`}},
		"no json":       {ok(`{"origins":["https://app.example.org",]}`), []string{"webauthn: error: is not valid JSON: invalid character ']' looking for beginning of value [ror-document]"}},
		"a list":        {ok(`["https://app.example.org"]`), []string{"webauthn: error: is not a JSON object [ror-document]"}},
		"no origins":    {ok(`{"origin":["https://app.example.org"]}`), []string{`webauthn: error: has no member "origins" [ror-document]`}},
		"a number":      {ok(`{"origins":[7]}`), []string{"webauthn: error: has an entry 0 that is not a string [ror-document]"}},
		"too large":     {ok(strings.Repeat(" ", 1<<18) + `{}`), []string{"webauthn: error: is larger than 262144 bytes [ror-document]"}},
		"https move":    {served{200, jsonType, `{"origins":["https://app.example.org"]}`, "/moved"}, []string{}},
		"http move":     {served{200, jsonType, "{}", "http://example.com/moved"}, []string{`webauthn: error: redirects to "http://example.com/moved", but browsers only follow redirects to https [ror-document]`}},
		"endless moves": {served{200, jsonType, "{}", "/round"}, []string{"webauthn: error: cannot be read: more than 5 redirects [ror-document]"}},
		"not listed": {ok(`{"origins":["https://app.example.net","http://app.example.org"]}`), []string{
			`webauthn: error: does not list "https://app.example.org", which is in rp.origins and depends on it [ror-parity]`,
			`webauthn: warning: lists "https://app.example.net", which is not in rp.origins: browsers accept it and Kratos rejects it [ror-parity]`,
			`webauthn: warning: lists "http://app.example.org", which is not an https origin and matches no page [ror-document]`,
		}},
		"noise": {ok(`{"origins":["https://app.example.org","https://auth.example.com"]}`), []string{
			`webauthn: info: lists "https://auth.example.com", which belongs to rp.id's own domain and needs no entry [ror-noise]`,
		}},
		"sixth label": {ok(six), []string{
			`webauthn: error: lists "https://app.example.org" after its fifth registrable label, and browsers only read 5 [ror-label-budget]`,
			`webauthn: warning: lists "https://a.test1.com", which is not in rp.origins: browsers accept it and Kratos rejects it [ror-parity]`,
			`webauthn: warning: lists "https://a.test2.com", which is not in rp.origins: browsers accept it and Kratos rejects it [ror-parity]`,
			`webauthn: warning: lists "https://a.test3.com", which is not in rp.origins: browsers accept it and Kratos rejects it [ror-parity]`,
			`webauthn: warning: lists "https://a.test4.com", which is not in rp.origins: browsers accept it and Kratos rejects it [ror-parity]`,
			`webauthn: warning: lists "https://a.test5.com", which is not in rp.origins: browsers accept it and Kratos rejects it [ror-parity]`,
			`webauthn: warning: has 6 registrable labels, and browsers only read 5 [ror-label-budget]`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := wellknown.Check(wellknown.RelatedOrigins, fetch(t, wellknown.RelatedOrigins, c.served), relatedSite())
			require.Equal(t, c.want, lines(got))
			for _, p := range got {
				require.NotEmpty(t, p.Help)
			}
		})
	}
	none := &wellknown.Site{RPID: "example.com", Configured: true, Origins: []string{"https://auth.example.com"}}
	require.Empty(t, wellknown.Check(wellknown.RelatedOrigins, fetch(t, wellknown.RelatedOrigins, served{404, "", "", ""}), none))
}

func TestCheckPasskeyEndpoints(t *testing.T) {
	site := relatedSite()
	for name, c := range map[string]struct {
		served served
		want   []string
	}{
		"right":   {ok(`{"enroll":"https://auth.example.com/a","manage":"https://auth.example.com/a"}`), []string{}},
		"missing": {served{404, "", "", ""}, []string{"passkey-endpoints: info: is missing, so password managers cannot link to the page for adding passkeys [passkey-endpoints]"}},
		"move":    {served{200, jsonType, "{}", "/moved"}, []string{`passkey-endpoints: warning: redirects to "https://example.com/moved", but passkey providers do not follow redirects [passkey-endpoints]`}},
		"a list":  {ok("[]"), []string{"passkey-endpoints: warning: is not a JSON object [passkey-endpoints]"}},
		"empty":   {ok("{}"), []string{"passkey-endpoints: info: declares passkey support, but has no links [passkey-endpoints]"}},
		"foreign": {ok(`{"enroll":"https://auth.example.net/a","manage":7}`), []string{
			`passkey-endpoints: warning: has a member "enroll" that links to "auth.example.net", which is not on the domain of rp.id "example.com" [passkey-endpoints]`,
			`passkey-endpoints: warning: has a member "manage" that is not an https URL [passkey-endpoints]`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := wellknown.Check(wellknown.PasskeyEndpoints, fetch(t, wellknown.PasskeyEndpoints, c.served), site)
			require.Equal(t, c.want, lines(got))
		})
	}
	doc := &wellknown.Fetched{URL: "u", Status: 200, Body: []byte(`{"enroll":"https://a/1","manage":"https://a/2"}`)}
	got := wellknown.CheckEndpoints(doc, func(url string) *wellknown.Fetched {
		if url == "https://a/1" {
			return &wellknown.Fetched{Status: 404}
		}
		return &wellknown.Fetched{Err: errors.New("no such host")}
	})
	require.Equal(t, []string{
		`u: warning: links to "https://a/1", which responds with status 404 [passkey-endpoints]`,
		`u: warning: links to "https://a/2", which cannot be read: no such host [passkey-endpoints]`,
	}, lines(got))
}

func TestCheckAssetLinks(t *testing.T) {
	link := func(relations, fingerprints string) string {
		return fmt.Sprintf(`[{"relation":[%s],"target":{"namespace":"android_app","package_name":"com.example.app","sha256_cert_fingerprints":[%s]}}]`, relations, fingerprints)
	}
	const login, urls = `"delegate_permission/common.get_login_creds"`, `"delegate_permission/common.handle_all_urls"`
	site := &wellknown.Site{RPID: "example.com", Configured: true, Keys: []wellknown.Fingerprint{key(t, someKey)}, Apps: []wellknown.AndroidApp{{Package: "com.example.app"}}}
	for name, c := range map[string]struct {
		served served
		want   []string
	}{
		"right":   {ok(link(login+","+urls, `"`+someKey+`"`)), []string{}},
		"missing": {served{404, "", "", ""}, []string{"assetlinks.json: error: is missing (status 404) [assetlinks]"}},
		"move":    {served{200, jsonType, "{}", "/moved"}, []string{`assetlinks.json: error: redirects to "https://example.com/moved", but Android devices do not follow redirects [assetlinks]`}},
		"object":  {ok("{}"), []string{"assetlinks.json: error: is not a JSON list of statements [assetlinks]"}},
		"no login": {ok(link(urls, `"`+someKey+`"`)), []string{
			`assetlinks.json: error: does not have ` + someKey + `, the fingerprint of "` + origin + `" in rp.origins [fingerprint-parity]`,
			`assetlinks.json: error: has no statement with "delegate_permission/common.get_login_creds" for the app "com.example.app" [assetlinks]`,
			`assetlinks.json: error: has no app with the relation "delegate_permission/common.get_login_creds" [get-login-creds]`,
		}},
		"login alone": {ok(link(login, `"`+someKey+`"`)), []string{
			`assetlinks.json: info: does not give the app "com.example.app" the relation "delegate_permission/common.handle_all_urls", which some versions of Play services also require for passkeys [handle-all-urls]`,
		}},
		"other keys": {ok(link(login+","+urls, `"`+debugKey+`","x"`)), []string{
			`assetlinks.json: error: has the fingerprint ` + debugKey + ` for the app "com.example.app", but rp.origins lacks its origin: Android accepts the app and Kratos rejects it [fingerprint-parity]`,
			`assetlinks.json: warning: allows apps that are signed with the debug.keystore of React Native's template, whose private key is public [debug-key]`,
			`assetlinks.json: error: has an invalid fingerprint "x" for the app "com.example.app" [assetlinks]`,
			`assetlinks.json: error: does not have ` + someKey + `, the fingerprint of "` + origin + `" in rp.origins [fingerprint-parity]`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, lines(wellknown.Check(wellknown.AssetLinks, fetch(t, wellknown.AssetLinks, c.served), site)))
		})
	}
	given := &wellknown.Site{RPID: "example.com", Apps: []wellknown.AndroidApp{{Package: "com.example.app", Keys: []wellknown.Fingerprint{key(t, debugKey)}}}}
	require.Equal(t, []string{`assetlinks.json: error: does not have the fingerprint ` + debugKey + ` for the app "com.example.app" [assetlinks]`},
		lines(wellknown.Check(wellknown.AssetLinks, fetch(t, wellknown.AssetLinks, ok(link(login+","+urls, `"`+someKey+`"`))), given)))
}

func TestCheckAppleAssociation(t *testing.T) {
	const app = "ABCDE12345.com.example.app"
	site := &wellknown.Site{RPID: "example.com", Apple: []string{app}}
	const name = wellknown.AppleAssociation
	for label, c := range map[string]struct {
		served served
		want   []string
	}{
		"right":   {ok(`{"webcredentials":{"apps":["` + app + `"]},"applinks":{}}`), []string{}},
		"missing": {served{404, "", "", ""}, []string{string(name) + ": error: is missing (status 404) [apple-app-site-association]"}},
		"html":    {served{200, "text/html", "<html>", ""}, []string{string(name) + ": error: responds with an HTML page and status 200 instead of the document [spa-fallback]"}},
		"move":    {served{200, jsonType, "{}", "/moved"}, []string{string(name) + `: error: redirects to "https://example.com/moved", but Apple's servers do not follow redirects [apple-app-site-association]`}},
		"no part": {ok(`{"applinks":{}}`), []string{string(name) + `: error: has no member "webcredentials", so no app can use passkeys [apple-app-site-association]`}},
		"no json": {ok(`{"webcredentials":{"apps":"x"}}`), []string{string(name) + `: error: is not JSON in the form that Apple reads: cannot unmarshal string [apple-app-site-association]`}},
		"others": {ok(`{"webcredentials":{"apps":["com.example.app","ZZZZZ12345.com.example.app"]}}`), []string{
			string(name) + `: error: lists "com.example.app", which is not an app identifier [apple-app-site-association]`,
			string(name) + `: warning: allows the app "ZZZZZ12345.com.example.app", which is not one of the given apps [apple-app-site-association]`,
			string(name) + `: error: does not list the app "ABCDE12345.com.example.app" [apple-app-site-association]`,
		}},
	} {
		t.Run(label, func(t *testing.T) {
			require.Equal(t, c.want, lines(wellknown.Check(name, fetch(t, name, c.served), site)))
		})
	}
	private := &wellknown.Site{RPID: "kratos.test", Apple: []string{app}}
	doc := &wellknown.Fetched{URL: "u", Status: 200, ContentType: jsonType, Body: []byte(`{"webcredentials":{"apps":["` + app + `"]}}`)}
	require.Equal(t, []string{`u: warning: cannot be fetched by Apple's servers, because "kratos.test" is not a public name [aasa-cdn]`}, lines(wellknown.Check(name, doc, private)))
}

// TestUntrusted reads from a server with an untrusted certificate.
func TestUntrusted(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the client that hangs up
	server.StartTLS()
	t.Cleanup(server.Close)
	f := wellknown.NewFetcher(wellknown.FetchOptions{Resolve: map[string]string{"example.com:443": server.Listener.Addr().String()}})
	t.Cleanup(f.Close)
	got := wellknown.Check(wellknown.RelatedOrigins, f.Fetch(t.Context(), "example.com", wellknown.RelatedOrigins), relatedSite())
	require.Equal(t, []string{"webauthn: error: cannot be read: tls: failed to verify certificate: x509: certificate signed by unknown authority [ror-document]"}, lines(got))
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, 404, wellknown.ReadFile(dir, wellknown.RelatedOrigins).Status)
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".well-known"), 0o700))
	path := filepath.Join(dir, ".well-known", "webauthn")
	require.NoError(t, os.WriteFile(path, []byte("{}"), 0o600))
	require.Equal(t, &wellknown.Fetched{URL: path, Status: 200, ContentType: jsonType, Body: []byte("{}")}, wellknown.ReadFile(dir, wellknown.RelatedOrigins))
	require.Error(t, wellknown.ReadFile(path, wellknown.RelatedOrigins).Err)
}

// TestRules checks that every reported id has a rule.
func TestRules(t *testing.T) {
	known := map[string]bool{}
	for _, r := range wellknown.Rules() {
		require.False(t, known[r.ID], r.ID)
		known[r.ID] = true
	}
	used := map[string]bool{}
	for _, name := range []string{"check.go", "check_web.go", "check_apps.go"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?:c\.add\(|id: |const id = )"([a-z-]+)"`).FindAllSubmatch(text, -1) {
			used[string(m[1])] = true
		}
	}
	require.Equal(t, known, used)
}
