package ui_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
	"github.com/olympusoss/oly-passkey/templates/ui"
)

var update = flag.Bool("update", false, "rewrite the pages in testdata")

// fakekratos replays responses of a real Kratos v1.3.1 (testdata/*.json), and
// errors.
type fakekratos map[string]answer // by path

type answer struct {
	status int
	body   string
}

func (f fakekratos) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := f[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

const kratosURL = "http://localhost:4433"

func newServer(t *testing.T, kratos http.Handler, change ...func(*ui.Config)) *ui.Server {
	t.Helper()
	fake := httptest.NewServer(kratos)
	t.Cleanup(fake.Close)
	config := ui.Config{KratosURL: kratosURL, KratosInternalURL: fake.URL, AppName: "Example"}
	for _, c := range change {
		c(&config)
	}
	s, err := ui.New(config)
	require.NoError(t, err)
	return s
}

func get(t *testing.T, h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Cookie", "csrf_token_x=y")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(b)
}

var nonce = regexp.MustCompile(`nonce="[A-Z0-9]{26}"`)

// TestPages renders flows of a real Kratos.
func TestPages(t *testing.T) {
	for _, kind := range []string{"login", "registration", "settings"} {
		t.Run(kind, func(t *testing.T) {
			s := newServer(t, fakekratos{"/self-service/" + kind + "/flows": {http.StatusOK, read(t, kind+".json")}})
			w := get(t, s, "/"+kind+"?flow=1")
			require.Equal(t, http.StatusOK, w.Code)
			page := nonce.ReplaceAllString(w.Body.String(), `nonce="NONCE"`)
			golden.File(t, "testdata/"+kind+".html", []byte(page), *update)
		})
	}
}

func TestCodeFirstHidesPasskeysAtSignUp(t *testing.T) {
	s := newServer(t, fakekratos{"/self-service/registration/flows": {http.StatusOK, read(t, "registration.json")}},
		func(c *ui.Config) { c.CodeFirst = true })
	page := get(t, s, "/registration?flow=1").Body.String()
	require.NotContains(t, page, "data-passkey-start")
	require.NotContains(t, page, "passkey_create_data")
}

// TestOperatorsChoice: exactly the configured options are on the form that
// passkey.js reads.
func TestOperatorsChoice(t *testing.T) {
	form := regexp.MustCompile(`(?s)<form[^>]* data-method="passkey"[^>]*>`)
	kratos := fakekratos{
		"/self-service/login/flows":        {http.StatusOK, read(t, "login.json")},
		"/self-service/registration/flows": {http.StatusOK, read(t, "registration.json")},
	}
	chosen := newServer(t, kratos, func(c *ui.Config) {
		c.Attachment, c.UserVerification, c.Hints, c.DisplayName = "cross-platform", "required", "hybrid security-key", "{traits.username} ({traits.tenant})"
	})
	for path, c := range map[string]struct{ chosen, plain string }{
		"/login?flow=1":        {` data-autofill data-user-verification="required" data-hints="hybrid security-key" hidden>`, ` data-method="passkey" data-autofill hidden>`},
		"/registration?flow=1": {` data-attachment="cross-platform" data-user-verification="required" data-hints="hybrid security-key" data-display-name="{traits.username} ({traits.tenant})" hidden>`, ` data-method="passkey" hidden>`},
	} {
		require.Contains(t, form.FindString(get(t, chosen, path).Body.String()), c.chosen)
		require.Contains(t, form.FindString(get(t, newServer(t, kratos), path).Body.String()), c.plain)
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := newServer(t, fakekratos{"/self-service/login/flows": {http.StatusOK, read(t, "login.json")}})
	w := get(t, s, "/login?flow=1")
	policy := regexp.MustCompile(`'nonce-[A-Z0-9]{26}'`).ReplaceAllString(w.Header().Get("Content-Security-Policy"), "'nonce-N'")
	require.Equal(t, "default-src 'none'; script-src 'nonce-N'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
		"form-action 'self' http://localhost:4433; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'", policy)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.Equal(t, "publickey-credentials-get=(self), publickey-credentials-create=(self)", w.Header().Get("Permissions-Policy"))
}

// TestTrouble covers what Kratos may respond with instead of a flow.
func TestTrouble(t *testing.T) {
	const flows = "/self-service/settings/flows"
	for _, c := range []struct {
		name     string
		target   string
		kratos   fakekratos
		headers  []string
		status   int
		location string
		text     string
	}{
		{"no flow", "/login?return_to=%2Fx", nil, nil, http.StatusSeeOther, kratosURL + "/self-service/login/browser?return_to=%2Fx", ""},
		{"expired", "/settings?flow=1", fakekratos{flows: {http.StatusGone, `{"error":{"id":"self_service_flow_expired"}}`}}, nil, http.StatusSeeOther, kratosURL + "/self-service/settings/browser", ""},
		{"not signed in", "/settings?flow=1", fakekratos{flows: {http.StatusUnauthorized, `{"error":{"id":"session_inactive"}}`}}, nil, http.StatusSeeOther, kratosURL + "/self-service/login/browser", ""},
		{"another factor", "/settings?flow=1", fakekratos{flows: {http.StatusForbidden, `{"error":{"id":"session_aal2_required"},"redirect_browser_to":"http://localhost:4433/self-service/login/browser?aal=aal2"}`}}, nil, http.StatusSeeOther, "http://localhost:4433/self-service/login/browser?aal=aal2", ""},
		{"no cookies", "/settings?flow=1", fakekratos{flows: {http.StatusForbidden, `{"error":{"id":"security_csrf_violation"}}`}}, []string{"Cookie", ""}, http.StatusBadRequest, "", "This site needs cookies to sign you in. Allow cookies, then try again."},
		{"kratos fails", "/settings?flow=1", fakekratos{flows: {http.StatusInternalServerError, `oops`}}, nil, http.StatusBadGateway, "", "Our sign-in service isn’t responding. Please try again in a moment."},
		{"no json", "/settings?flow=1", fakekratos{flows: {http.StatusOK, `<html>`}}, nil, http.StatusBadGateway, "", "Our sign-in service isn’t responding. Please try again in a moment."},
		{"error page", "/error?id=1", fakekratos{"/self-service/errors": {http.StatusOK, `{"error":{"reason":"<b>too late</b>"}}`}}, nil, http.StatusOK, "", "&lt;b&gt;too late&lt;/b&gt;"},
		{"error page of no error", "/error?id=1", fakekratos{}, nil, http.StatusOK, "", "We ran into a problem on our side. Please try again."},
		{"no such page", "/nothing", nil, nil, http.StatusNotFound, "", "We couldn’t find this page."},
		{"account, not signed in", "/", fakekratos{"/sessions/whoami": {http.StatusUnauthorized, `{}`}}, nil, http.StatusSeeOther, "/login", ""},
		{"in German", "/nothing", nil, []string{"Accept-Language", "de-AT,en;q=0.5"}, http.StatusNotFound, "", "Diese Seite haben wir nicht gefunden."},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := get(t, newServer(t, c.kratos), c.target, c.headers...)
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.location, w.Header().Get("Location"))
			require.Contains(t, w.Body.String(), c.text)
		})
	}
}

func TestKratosDown(t *testing.T) {
	s, err := ui.New(ui.Config{KratosURL: "http://127.0.0.1:1"})
	require.NoError(t, err)
	w := get(t, s, "/login?flow=1")
	require.Equal(t, http.StatusBadGateway, w.Code)
	require.NotContains(t, w.Body.String(), "127.0.0.1", "the page must not reveal how the server reaches Kratos")
}

func TestConfig(t *testing.T) {
	for url, want := range map[string]string{
		"":                  `invalid kratos url "": use an http or https URL`,
		"localhost:4433":    `invalid kratos url "localhost:4433": use an http or https URL`,
		"ftp://example.com": `invalid kratos url "ftp://example.com": use an http or https URL`,
	} {
		_, err := ui.New(ui.Config{KratosURL: url})
		require.EqualError(t, err, want)
	}
}

func TestLogout(t *testing.T) {
	s := newServer(t, fakekratos{"/self-service/logout/browser": {http.StatusOK, `{"logout_url":"http://localhost:4433/self-service/logout?token=t"}`}})
	post := func(site string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/logout", nil)
		r.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	w := post("same-origin")
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "http://localhost:4433/self-service/logout?token=t", w.Header().Get("Location"))
	require.Equal(t, http.StatusForbidden, post("cross-site").Code)
	require.Equal(t, http.StatusForbidden, post("same-site").Code)
}

func TestStatic(t *testing.T) {
	s := newServer(t, fakekratos{})
	for path, contentType := range map[string]string{
		"/static/passkey.js": "text/javascript; charset=utf-8",
		"/static/page.js":    "text/javascript; charset=utf-8",
		"/static/style.css":  "text/css; charset=utf-8",
		"/static/icon.svg":   "image/svg+xml",
	} {
		w := get(t, s, path)
		require.Equal(t, http.StatusOK, w.Code, path)
		require.Equal(t, contentType, w.Header().Get("Content-Type"))
	}
	for _, path := range []string{"/static/ui.go", "/static/", "/static/texts/en.json", "/static/../ui.go"} {
		require.NotEqual(t, http.StatusOK, get(t, s, path).Code, path)
	}
}

// TestScriptIsSmall limits the size of the files that users copy.
func TestScriptIsSmall(t *testing.T) {
	b, err := ui.Files.ReadFile("passkey.js")
	require.NoError(t, err)
	require.Less(t, len(b), 12_000)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Less(t, packed.Len(), 5_000)
	// Kratos reports "does not exist" for any error: it must not cause a deletion.
	require.NotContains(t, string(b), "signalUnknownCredential")
	require.NotContains(t, string(b), "alert(")
	require.NotContains(t, string(b), "innerHTML")
}

// directory is a Directory that returns whatever a test sets.
type directory struct {
	handles  []ui.Handle
	passkeys []ui.Passkey
	signals  []ui.Signal
	advice   ui.Advice
	answers  []ui.Answer // returned in order, the last one repeatedly
	err      error
	asked    *int
	used     *[]string
}

func (d directory) Handles(context.Context, string) ([]ui.Handle, error) { return d.handles, d.err }

func (d directory) Passkeys(context.Context, string) ([]ui.Passkey, error) { return d.passkeys, d.err }

func (d directory) Signals(context.Context, string) ([]ui.Signal, error) { return d.signals, d.err }

func (d directory) Advice(context.Context, string) (ui.Advice, error) { return d.advice, d.err }

func (d directory) Used(_ context.Context, identityID, credentialID string) error {
	if d.used != nil {
		*d.used = append(*d.used, identityID+" "+credentialID)
	}
	return d.err
}

func (d directory) Resolve(context.Context, string, string) (ui.Answer, error) {
	*d.asked++
	return d.answers[min(*d.asked, len(d.answers))-1], d.err
}

func TestAccountLooksAgain(t *testing.T) {
	const id = "0b9cd8f6-1f0c-4a2b-8c7e-000000000001"
	asked := 0
	s := newServer(t, fakekratos{"/sessions/whoami": {http.StatusOK, `{"identity":{"id":"` + id + `","traits":{"username":"ada"}},"authentication_methods":[{"method":"passkey"}]}`}},
		func(c *ui.Config) {
			c.Explain = true
			c.Directory = directory{
				handles: []ui.Handle{{Method: "passkey", Value: "aGFuZGxl"}},
				advice:  ui.Advice{Propose: "none"},
				answers: []ui.Answer{{}, {}, {IdentityID: id, State: "active"}},
				asked:   &asked,
			}
		})
	page := get(t, s, "/").Body.String()
	require.Equal(t, 3, asked, "a hook may arrive after the page is asked for")
	require.Contains(t, page, "✓ this account")
	require.Contains(t, page, "You signed in with a passkey.")
	require.Contains(t, page, "Whose passkey is this?")
}

func TestAccountInvites(t *testing.T) {
	whoami := func(method string) fakekratos {
		return fakekratos{"/sessions/whoami": {http.StatusOK, `{"identity":{"id":"i","verifiable_addresses":[{"verified":true}]},"authentication_methods":[{"method":"` + method + `"}]}`}}
	}
	const (
		addPasskey = "Add a passkey to sign in with one click next time."
		replaceKey = "Your security key needs your username first. With a passkey, one click is enough."
		reEnroll   = "One of your security keys now needs your username first. With a passkey, one click is enough."
		another    = "You used your phone or a security key. Add a passkey on this device too, and next time you won’t need it."
		check      = "You signed in with a code. Check that you recognize every passkey of this account."
		predating  = "This account has passkeys that were added before you verified your email address. Remove any that you don’t recognize."
	)
	for _, c := range []struct {
		name, method, cookie string
		advice               ui.Advice
		want                 []string
	}{
		{"first passkey", "code", "", ui.Advice{Propose: "add-passkey"}, []string{addPasskey}},
		{"instead of a security key", "webauthn", "", ui.Advice{Propose: "add-passkey"}, []string{replaceKey}},
		{"orphaned key", "passkey", "", ui.Advice{Propose: "re-enroll"}, []string{reEnroll}},
		{"another device", "passkey", "", ui.Advice{Propose: "none"}, []string{another}},
		{"proven some day", "code", "", ui.Advice{Propose: "none"}, []string{another, check}},
		{"declined", "code", "passkey_snooze=1", ui.Advice{Propose: "add-passkey"}, nil},
		{"perhaps a stranger's, declined", "code", "passkey_snooze=1", ui.Advice{Propose: "none", Predating: []string{"aWQ"}}, []string{predating}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, whoami(c.method), func(config *ui.Config) { config.Directory = directory{advice: c.advice} })
			page := get(t, s, "/", "Cookie", c.cookie).Body.String()
			for _, text := range []string{addPasskey, replaceKey, reEnroll, another, check, predating} {
				require.Equal(t, slices.Contains(c.want, text), strings.Contains(page, text), text)
			}
		})
	}
}

func TestSnooze(t *testing.T) {
	s := newServer(t, fakekratos{})
	for proto, want := range map[string]string{
		"":      "passkey_snooze=1; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax",
		"https": "passkey_snooze=1; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax",
	} {
		r := httptest.NewRequest(http.MethodPost, "/snooze", nil)
		r.Header.Set("X-Forwarded-Proto", proto)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, "/", w.Header().Get("Location"))
		require.Equal(t, want, w.Header().Get("Set-Cookie"))
	}
}

// TestManage renders the settings of a user with two keys, after a change.
func TestManage(t *testing.T) {
	yes, no := true, false
	describe := func(c *ui.Config) {
		c.Directory = directory{
			passkeys: []ui.Passkey{{CredentialID: "qrs", Provider: "iCloud Keychain", Synced: &yes}, {CredentialID: "EiM", Synced: &no}},
			signals:  []ui.Signal{{UserID: "dQ", AllAcceptedCredentialIDs: []string{"qrs", "EiM"}}},
			advice:   ui.Advice{Predating: []string{"EiM"}},
		}
	}
	const flow = "/self-service/settings/flows"
	w := get(t, newServer(t, fakekratos{flow: {http.StatusOK, read(t, "manage.json")}}, describe), "/settings?flow=1")
	page := nonce.ReplaceAllString(w.Body.String(), `nonce="NONCE"`)
	golden.File(t, "testdata/manage.html", []byte(page), *update)

	// Without a directory there are fewer details, and no signal is sent.
	bare := get(t, newServer(t, fakekratos{flow: {http.StatusOK, read(t, "manage.json")}}, func(c *ui.Config) {
		c.Directory = directory{err: errors.New("down")}
	}), "/settings?flow=1").Body.String()
	require.NotContains(t, bare, "iCloud")
	require.NotContains(t, bare, `id="signals"`)
	require.Contains(t, bare, `name="passkey_remove"`)
}

// TestOnlyWayIn protects the last key that can sign in, and no other.
func TestOnlyWayIn(t *testing.T) {
	const disabled = ` disabled aria-describedby="last-way"`
	node := func(name string) string {
		return `{"type":"input","group":"` + strings.TrimSuffix(name, "_remove") + `","attributes":{"name":"` + name + `","type":"submit","value":"aabb"}}`
	}
	passkey, key := node("passkey_remove"), node("webauthn_remove")
	password := `{"type":"input","group":"password","attributes":{"name":"password","type":"password"}}`
	for _, c := range []struct {
		name, addresses string
		nodes           []string
		secondFactor    bool
		want            int
	}{
		{"one passkey", `[]`, []string{passkey}, false, 1},
		{"one security key", `[]`, []string{key}, false, 1},
		{"one of each", `[]`, []string{passkey, key}, false, 0},
		{"a key that is a second factor", `[]`, []string{passkey, key}, true, 1},
		{"only a second factor", `[]`, []string{key}, true, 0},
		{"an address for codes", `[{"value":"a@example.org"}]`, []string{passkey}, false, 0},
		{"perhaps a password", `[]`, []string{passkey, password}, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			flow := `{"identity":{"id":"i","recovery_addresses":` + c.addresses + `},"ui":{"nodes":[` + strings.Join(c.nodes, ",") + `]}}`
			s := newServer(t, fakekratos{"/self-service/settings/flows": {http.StatusOK, flow}}, func(config *ui.Config) { config.SecondFactor = c.secondFactor })
			require.Equal(t, c.want, strings.Count(get(t, s, "/settings?flow=1").Body.String(), disabled))
		})
	}
}

func TestWarning(t *testing.T) {
	var asked []string
	s := newServer(t, fakekratos{"/self-service/login/flows": {http.StatusOK, read(t, "login.json")}}, func(c *ui.Config) {
		c.Check = func(page, rpID string) string {
			asked = append(asked, page, rpID)
			return "the page is elsewhere"
		}
	})
	page := get(t, s, "http://127.0.0.1:4455/login?flow=1").Body.String()
	require.Equal(t, []string{"http://127.0.0.1:4455/login", "localhost"}, asked)
	require.Contains(t, page, "passkeys can’t work on this page.</strong><br>the page is elsewhere</p>")
}

func TestResolve(t *testing.T) {
	signedIn := fakekratos{"/sessions/whoami": {http.StatusOK, `{"identity":{"id":"i"}}`}}
	for _, c := range []struct {
		name   string
		kratos fakekratos
		body   string
		err    error
		status int
		answer string
	}{
		{"mine", signedIn, `{"user_handle":"aGFuZGxl","credential_id":"aWQ"}`, nil, http.StatusOK, `{"whose":"mine","identity_id":"i","state":"active","credential_matches":null}` + "\n"},
		{"another user's", fakekratos{"/sessions/whoami": {http.StatusOK, `{"identity":{"id":"j"}}`}}, `{"user_handle":"aGFuZGxl"}`, nil, http.StatusOK, `{"whose":"other","credential_matches":null}` + "\n"},
		{"not signed in", fakekratos{"/sessions/whoami": {http.StatusUnauthorized, `{}`}}, `{"user_handle":"aGFuZGxl"}`, nil, http.StatusUnauthorized, "sign in first\n"},
		{"no handle", signedIn, `{}`, nil, http.StatusBadRequest, "user_handle must be base64url of 1 to 64 bytes\n"},
		{"65 bytes", signedIn, `{"user_handle":"` + strings.Repeat("A", 87) + `"}`, nil, http.StatusBadRequest, "user_handle must be base64url of 1 to 64 bytes\n"},
		{"no json", signedIn, `user_handle=1`, nil, http.StatusBadRequest, "the body must be a JSON object with a user_handle\n"},
		{"too much", signedIn, `{"user_handle":"` + strings.Repeat("A", 9<<10) + `"}`, nil, http.StatusBadRequest, "the body must be a JSON object with a user_handle\n"},
		{"sidecar down", signedIn, `{"user_handle":"aGFuZGxl"}`, errors.New("refused"), http.StatusBadGateway, "the sidecar did not respond\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			s := newServer(t, c.kratos, func(config *ui.Config) {
				config.Explain = true
				config.Directory = directory{answers: []ui.Answer{{IdentityID: "i", State: "active"}}, err: c.err, asked: &asked}
			})
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/resolve", strings.NewReader(c.body)))
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.answer, w.Body.String())
		})
	}
}

// TestRoutesForDevelopment: routes of the developers' account page exist only with that
// page, and routes for the sidecar only with a sidecar.
func TestRoutesForDevelopment(t *testing.T) {
	signedIn := fakekratos{"/sessions/whoami": {http.StatusOK, `{"identity":{"id":"i"}}`}}
	for _, c := range []struct {
		name          string
		directory     bool
		explain       bool
		resolve, used int
	}{
		{"a sidecar, explained", true, true, http.StatusOK, http.StatusNoContent},
		{"a sidecar", true, false, http.StatusMethodNotAllowed, http.StatusNoContent},
		{"no sidecar", false, true, http.StatusMethodNotAllowed, http.StatusMethodNotAllowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			s := newServer(t, signedIn, func(config *ui.Config) {
				config.Explain = c.explain
				if c.directory {
					config.Directory = directory{answers: []ui.Answer{{IdentityID: "i"}}, asked: &asked}
				}
			})
			for path, want := range map[string]int{"/resolve": c.resolve, "/used": c.used} {
				w := httptest.NewRecorder()
				s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{"user_handle":"aGFuZGxl","credential_id":"aWQ"}`)))
				require.Equal(t, want, w.Code, path)
			}
			if c.resolve != http.StatusOK {
				require.Zero(t, asked)
			}
		})
	}
}

// TestUnknownHandleIsAskedFew times: once if the sidecar asks Kratos about it.
func TestUnknownHandleIsAskedFew(t *testing.T) {
	signedIn := fakekratos{"/sessions/whoami": {http.StatusOK, `{"identity":{"id":"i"}}`}}
	for _, c := range []struct{ bytes, least, most int }{{16, 1, 1}, {48, 3, 6}} {
		asked := 0
		s := newServer(t, signedIn, func(config *ui.Config) {
			config.Explain = true
			config.Directory = directory{answers: []ui.Answer{{}}, asked: &asked}
		})
		handle := base64.RawURLEncoding.EncodeToString(make([]byte, c.bytes))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/resolve", strings.NewReader(`{"user_handle":"`+handle+`"}`)))
		require.JSONEq(t, `{"whose":"unknown","credential_matches":null}`, w.Body.String())
		require.GreaterOrEqual(t, asked, c.least)
		require.LessOrEqual(t, asked, c.most)
	}
}
