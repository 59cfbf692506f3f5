//go:build realkratos

package doctor

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/templates/ui"
)

// realConfig configures a Kratos on auth.acme.dev with its pages on
// login.acme.dev, without what differs between processes.
const realConfig = `cookies: { domain: acme.dev }
identity:
  default_schema_id: default
  schemas: [{ id: default, url: "base64://SCHEMA" }]
` + fakeConfig

const realSchema = `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"traits":{"type":"object",
"properties":{"email":{"type":"string","format":"email","title":"E-mail",
"ory.sh/kratos":{"credentials":{"passkey":{"display_name":true},"code":{"identifier":true,"via":"email"}},"verification":{"via":"email"},"recovery":{"via":"email"}}}},
"required":["email"]}}}`

// realStack is a fakeStack with a real Kratos and the real pages behind its names
// and certificates.
func realStack(t *testing.T, change func(*string)) *fakeStack {
	t.Helper()
	s := newFakeStack()
	s.config = strings.Replace(realConfig, "SCHEMA", base64.StdEncoding.EncodeToString([]byte(realSchema)), 1)
	change(&s.config)
	public, admin := startRealKratos(t, s.config)
	pages, err := ui.New(ui.Config{KratosURL: "https://auth.acme.dev", KratosInternalURL: public.String(), AppName: "Acme"})
	require.NoError(t, err)
	s.upstream = map[string]http.Handler{"auth.acme.dev": httputil.NewSingleHostReverseProxy(public), "login.acme.dev": strict(pages), "www.acme.dev": strict(pages)}
	s.options = func(o *Options) {
		o.AdminURL = admin
		o.Apple = nil // apps need API flows, which this Kratos lacks
		o.Android = nil
	}
	s.routes["acme.dev/.well-known/assetlinks.json"] = http.NotFound
	return s
}

// strict adds the headers of the proxy in front of the pages.
func strict(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		pages.ServeHTTP(w, r)
	})
}

// startRealKratos runs Kratos until the test ends.
func startRealKratos(t *testing.T, config string) (public *url.URL, admin string) {
	t.Helper()
	ports := kratostest.FreePorts(t, 2)
	dir := t.TempDir()
	config = strings.Replace(config, "public: {", "admin: { host: 127.0.0.1, port: "+ports[1]+" }\n  public: { host: 127.0.0.1, port: "+ports[0]+",", 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kratos.yml"), []byte("dsn: memory\n"+strings.Replace(config, "selfservice:\n", "selfservice:\n  default_browser_return_url: https://login.acme.dev/\n", 1)), 0o600))
	admin = "http://127.0.0.1:" + ports[1]
	kratostest.Run(t, kratostest.Command(t, dir, "serve", "-c", "kratos.yml", "--sqa-opt-out"), admin+"/admin/health/ready")
	public, err := url.Parse("http://127.0.0.1:" + ports[0])
	require.NoError(t, err)
	return public, admin
}

// noAndroid removes the app's origin, which needs a newer Kratos.
func noAndroid(config *string) {
	*config = strings.Replace(*config, "            - android:apk-key-hash:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n", "", 1)
}

// TestRealStack checks that nothing is found in a correct deployment.
func TestRealStack(t *testing.T) {
	r := realStack(t, noAndroid).examine(t)
	require.Equal(t, []string{}, said(r))
	require.Equal(t, []string{}, ended(r, NotRun))
	require.Equal(t, []string{
		"user-handle: sign-up only shows it in its second step; use --ceremony", "cors: the page posts forms", "assetlinks: not needed",
		"aasa-cdn: no --apple-app on a public domain", "native-unsupported: no native app is configured",
	}, ended(r, NotApplicable))
}

// TestRealSabotages breaks a real deployment: Kratos' configuration, or what is in
// front of it.
func TestRealSabotages(t *testing.T) {
	swap := func(from, to string) func(*string) {
		return func(config *string) {
			noAndroid(config)
			if !strings.Contains(*config, from) {
				panic(from)
			}
			*config = strings.Replace(*config, from, to, 1)
		}
	}
	// body changes the text of the pages.
	body := func(from, to string) func(*fakeStack) {
		return func(s *fakeStack) {
			pages := s.upstream["login.acme.dev"]
			s.upstream["login.acme.dev"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				pages.ServeHTTP(rec, r)
				for k, v := range rec.Header() {
					w.Header()[k] = v
				}
				w.WriteHeader(rec.Code)
				_, _ = io.WriteString(w, strings.ReplaceAll(rec.Body.String(), from, to))
			})
		}
	}
	header := func(name, value string) func(*fakeStack) {
		return func(s *fakeStack) {
			pages := s.upstream["login.acme.dev"]
			s.upstream["login.acme.dev"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				pages.ServeHTTP(rec, r)
				for k, v := range rec.Header() {
					w.Header()[k] = v
				}
				w.Header().Del(name)
				if value != "" {
					w.Header().Set(name, value)
				}
				w.WriteHeader(rec.Code)
				_, _ = w.Write(rec.Body.Bytes())
			})
		}
	}
	sabotages := map[string]struct {
		config func(*string)
		front  func(*fakeStack)
		check  string   // that finds the cause
		also   []string // that find a consequence
	}{
		"http origin behind a proxy": {config: swap("- https://login.acme.dev", "- http://login.acme.dev"), check: "origin"},
		"slash behind the origin":    {config: swap("- https://login.acme.dev", "- https://login.acme.dev/"), check: "origin"},
		"rp.id of a machine":         {config: swap("id: acme.dev", "id: localhost"), check: "rp-id"},
		"passkey off": {config: swap("enabled: true", "enabled: false"), front: func(s *fakeStack) {
			s.config = strings.Replace(s.config, "enabled: false", "enabled: true", 1)
		}, check: "passkey-method"},
		"another configuration deployed": {config: swap("id: acme.dev", "id: login.acme.dev"), front: func(s *fakeStack) {
			s.config = strings.Replace(s.config, "id: login.acme.dev", "id: acme.dev", 1)
		}, check: "rp-id-drift"},
		"cookie of one host":         {config: swap("domain: acme.dev", "domain: auth.acme.dev"), check: "cookies", also: []string{"page"}},
		"verified addresses ignored": {config: swap(`/login" }`, `/login", after: { passkey: { hooks: [{ hook: require_verified_address }] } } }`), check: "kratos-version"},
		"android on an old kratos":   {config: func(*string) {}, front: func(s *fakeStack) { delete(s.routes, "acme.dev/.well-known/assetlinks.json") }, check: "native-unsupported", also: []string{"kratos-version"}},
		"expired": {front: func(s *fakeStack) {
			s.leaf["auth.acme.dev"] = leaf{ends: time.Now().AddDate(0, 0, -1)}
		}, check: "tls", also: []string{"passkey-endpoints"}},
		"no autofill":            {front: body("username webauthn", "username"), check: "autofill"},
		"expired soon":           {front: func(s *fakeStack) { nearEnd(s) }, check: "tls"},
		"wrong name":             {front: func(s *fakeStack) { s.leaf["auth.acme.dev"] = leaf{name: "x.acme.dev"} }, check: "tls", also: []string{"passkey-endpoints"}},
		"foreign authority":      {front: func(s *fakeStack) { s.leaf["auth.acme.dev"] = leaf{foreign: true} }, check: "tls", also: []string{"passkey-endpoints"}},
		"no hsts":                {front: header("Strict-Transport-Security", ""), check: "hsts"},
		"redirect to www":        {front: func(s *fakeStack) { s.upstream["login.acme.dev"] = http.HandlerFunc(toWWW) }, check: "ui-redirects"},
		"script not let through": {front: func(s *fakeStack) { s.routes["auth.acme.dev"+scriptPath] = http.NotFound }, check: "webauthn-script"},
		"script changed":         {front: func(s *fakeStack) { s.routes["auth.acme.dev"+scriptPath] = reply(200, "text/javascript", "x") }, check: "webauthn-script"},
		"policy without scripts": {front: header("Content-Security-Policy", "script-src https://cdn.acme.dev"), check: "content-security-policy"},
		"policy without Kratos":  {front: header("Content-Security-Policy", "form-action 'self'"), check: "content-security-policy"},
		"permissions taken away": {front: header("Permissions-Policy", "publickey-credentials-get=()"), check: "permissions-policy"},
		"admin behind the proxy": {front: func(s *fakeStack) {
			s.routes["auth.acme.dev/admin/version"] = reply(200, "application/json", `{"version":"v1.3.1"}`)
		}, check: "admin-api"},
		"admin port open": {front: func(s *fakeStack) {
			before := s.options
			s.options = func(o *Options) {
				before(o)
				o.Resolve["auth.acme.dev:4434"] = strings.TrimPrefix(o.AdminURL, "http://")
			}
		}, check: "admin-api"},
		"related origins: index page": {front: func(s *fakeStack) { s.routes["acme.dev/.well-known/webauthn"] = reply(200, "text/html", "<html>") }, check: "related-origins"},
		"related origins: other": {front: func(s *fakeStack) {
			s.routes["acme.dev/.well-known/webauthn"] = reply(200, "application/json", `{"origins":["https://acme.app"]}`)
		}, check: "related-origins"},
		"endpoints: index page": {front: func(s *fakeStack) {
			s.routes["acme.dev/.well-known/passkey-endpoints"] = reply(200, "text/html", "<html>")
		}, check: "passkey-endpoints"},
		"kratos is down": {front: func(s *fakeStack) { s.upstream["auth.acme.dev"] = http.HandlerFunc(bad) }, check: "kratos-flow", also: []string{"page", "passkey-endpoints"}},
	}
	require.GreaterOrEqual(t, len(sabotages), 25)
	for name, c := range sabotages {
		t.Run(name, func(t *testing.T) {
			if c.config == nil {
				c.config = noAndroid
			}
			s := realStack(t, c.config)
			if c.front != nil {
				c.front(s)
			}
			r := s.examine(t)
			var failing []string
			for _, result := range r.Results {
				if result.Status == Found {
					failing = append(failing, result.Check)
				}
			}
			require.ElementsMatch(t, append(c.also, c.check), failing, "%q", said(r))
		})
	}
}

func toWWW(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "https://www.acme.dev"+r.URL.RequestURI(), http.StatusMovedPermanently)
}

func bad(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "bad gateway", http.StatusBadGateway)
}

// nearEnd moves the time to three days before the certificate's end.
func nearEnd(s *fakeStack) {
	l := leaf{ends: time.Now().AddDate(0, 6, 0)}
	s.leaf["auth.acme.dev"] = l
	before := s.options
	s.options = func(o *Options) {
		before(o)
		o.Now = func() time.Time { return l.ends.AddDate(0, 0, -3) }
		o.SidecarURL = ""
	}
}
