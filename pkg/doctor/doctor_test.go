package doctor

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// port matches ports that the kernel chose.
var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// said returns the findings, each after the name of its check.
func said(r *Report) []string {
	out := []string{}
	for _, result := range r.Results {
		for _, p := range result.Problems {
			text := fmt.Sprintf("%s: %s: %s: %s", result.Check, p.Severity, p.Subject, p.Message)
			if p.ID != result.Check {
				text += " [" + p.ID + "]"
			}
			out = append(out, port.ReplaceAllString(text, "127.0.0.1:PORT"))
		}
	}
	return out
}

// ended returns the checks with an outcome, with the reason.
func ended(r *Report, s Status) []string {
	out := []string{}
	for _, result := range r.Results {
		if result.Status == s {
			out = append(out, strings.TrimSuffix(result.Check+": "+result.Why, ": "))
		}
	}
	return out
}

func TestNothingToFind(t *testing.T) {
	r := newFakeStack().examine(t)
	require.Equal(t, []string{}, said(r))
	require.Equal(t, []string{}, ended(r, NotRun))
	require.Equal(t, []string{"user-handle: sign-up only shows it in its second step; use --ceremony", "cors: the page posts forms"}, ended(r, NotApplicable))
	require.Equal(t, "acme.dev", r.RPID)
	require.Equal(t, "https://auth.acme.dev", r.Kratos)
	require.Equal(t, "v26.2.0", r.Version)
}

// TestOnlyTheURL checks a deployment of which only the page is known.
func TestOnlyTheURL(t *testing.T) {
	s := newFakeStack()
	s.signUp = rand.Text
	s.options = func(o *Options) {
		o.Files, o.AdminURL, o.SidecarURL, o.Android, o.Apple = nil, "", "", nil, nil
	}
	r := s.examine(t)
	require.Equal(t, []string{}, said(r))
	require.Equal(t, []string{"rp-id-drift: needs -c kratos.yml", "origin: needs -c kratos.yml", "kratos-version: needs --admin-url"}, ended(r, NotRun))
	require.Equal(t, []string{
		"cors: the page posts forms", "aasa-cdn: no --apple-app on a public domain",
		"native-unsupported: no native app is configured", "sidecar-index: no --sidecar",
	}, ended(r, NotApplicable))
}

// TestSabotages breaks one thing at a time; exactly one check finds it.
func TestSabotages(t *testing.T) {
	const page, kratos = "https://login.acme.dev/login", "https://auth.acme.dev"
	const script = kratos + "/.well-known/ory/webauthn.js"
	swap := func(s *string, from, to string) { *s = strings.Replace(*s, from, to, 1) }
	for name, c := range map[string]struct {
		sabotage func(*fakeStack)
		want     string
	}{
		"http origin behind a proxy": {
			func(s *fakeStack) { swap(&s.config, "- https://login.acme.dev", "- http://login.acme.dev") },
			`origin: error: https://login.acme.dev: Kratos rejects every ceremony on this page: `,
		},
		"slash behind the origin": {
			func(s *fakeStack) { swap(&s.config, "- https://login.acme.dev", "- https://login.acme.dev/") },
			`origin: error: https://login.acme.dev: Kratos rejects every ceremony on this page: `,
		},
		"another configuration is deployed": {
			func(s *fakeStack) { s.rpID = "login.acme.dev" },
			`rp-id-drift: error: https://auth.acme.dev: the sign-in flow has rp.id "login.acme.dev", but the configuration has "acme.dev"`,
		},
		"rp.id of a developer's machine": {
			func(s *fakeStack) {
				s.rpID = "localhost"
				swap(&s.config, "id: acme.dev", "id: localhost")
				s.options = func(o *Options) { o.Apple, o.Android = nil, nil }
			},
			`rp-id: error: https://login.acme.dev: browsers reject every ceremony on this page: `,
		},
		"passkey method off": {
			func(s *fakeStack) {
				s.routes["auth.acme.dev/self-service/login/browser"] = func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Set-Cookie", s.cookie)
					s.flow(w, "", nil)
				}
			},
			`passkey-method: error: https://auth.acme.dev: the sign-in flow does not offer passkeys`,
		},
		"flow has status 500": {
			func(s *fakeStack) {
				s.routes["auth.acme.dev/self-service/login/browser"] = reply(500, "application/json", `{"error":{"code":500,"message":"no identifier found"}}`)
			},
			`kratos-flow: error: https://auth.acme.dev/self-service/login/browser: cannot start a sign-in flow: kratos responds with status 500: no identifier found `,
		},
		"flow is the index page": {
			func(s *fakeStack) {
				s.routes["auth.acme.dev/self-service/login/browser"] = reply(200, "text/html", "<html>")
			},
			`kratos-flow: error: https://auth.acme.dev/self-service/login/browser: cannot start a sign-in flow: the response is "text/html" and not a flow of Kratos`,
		},
		"page is gone": {
			func(s *fakeStack) {
				s.routes["login.acme.dev/login"] = func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Strict-Transport-Security", "max-age=1")
					w.WriteHeader(http.StatusNotFound)
				}
			},
			`page: error: https://login.acme.dev/login: the page responds with status 404`,
		},
		"no server listens": {
			func(s *fakeStack) {
				s.resolve["login.acme.dev:443"] = "127.0.0.1:1"
				s.routes["acme.dev/.well-known/passkey-endpoints"] = reply(200, "application/json", `{"enroll":"https://acme.dev/.well-known/webauthn"}`)
			},
			`page: error: https://login.acme.dev/login: the page does not respond: dial tcp 127.0.0.1:PORT: connect: connection refused`,
		},
		"certificate of another name": {
			func(s *fakeStack) { s.leaf["auth.acme.dev"] = leaf{name: "old.acme.dev"} },
			`tls: error: https://auth.acme.dev: the certificate is not trusted: x509: certificate is valid for old.acme.dev, not auth.acme.dev`,
		},
		"certificate of another authority": {
			func(s *fakeStack) { s.leaf["auth.acme.dev"] = leaf{foreign: true} },
			`tls: error: https://auth.acme.dev: the certificate is not trusted: x509: certificate signed by unknown authority`,
		},
		"certificate ends soon": {
			func(s *fakeStack) {
				s.leaf["login.acme.dev"] = leaf{ends: time.Now().AddDate(0, 6, 0)}
				s.options = func(o *Options) {
					o.Now = func() time.Time { return time.Now().AddDate(0, 6, -3).Add(-time.Hour) }
					o.SidecarURL = ""
				}
			},
			`tls: warning: https://login.acme.dev/login: the certificate expires on ` + time.Now().AddDate(0, 6, 0).UTC().Format(time.DateOnly) + `, in 3 days`,
		},
		"no hsts": {
			func(s *fakeStack) { delete(s.pageHeader, "Strict-Transport-Security") },
			`hsts: warning: https://login.acme.dev/login: no Strict-Transport-Security header: the page can be loaded over plain http, where passkeys do not work`,
		},
		"hsts taken back": {
			func(s *fakeStack) { s.pageHeader["Strict-Transport-Security"] = "max-age=0" },
			`hsts: warning: https://login.acme.dev/login: browsers ignore the Strict-Transport-Security header "max-age=0"`,
		},
		"redirect to www": {
			func(s *fakeStack) {
				s.routes["login.acme.dev/login"] = redirect("https://www.acme.dev/login")
			},
			`ui-redirects: error: https://login.acme.dev/login: redirects to "https://www.acme.dev/login", so ceremonies run on the origin "https://www.acme.dev", where `,
		},
		"settings lead elsewhere": {
			func(s *fakeStack) {
				s.routes["login.acme.dev/settings"] = redirect("https://www.acme.dev/login")
			},
			`ui-redirects: error: https://login.acme.dev/settings: redirects to "https://www.acme.dev/login", so ceremonies run on the origin "https://www.acme.dev", where `,
		},
		"base_url of the cluster": {
			func(s *fakeStack) {
				s.action, s.src = "http://kratos:4433/self-service/login?flow=1", "http://kratos:4433/.well-known/ory/webauthn.js"
			},
			`base-url: error: http://kratos:4433/self-service/login?flow=1: the flow's form posts to "http://kratos:4433", and browsers block posts from an https page to http`,
		},
		"short challenge": {
			func(s *fakeStack) { s.challenge = "AAEC" },
			`flow-options: error: https://auth.acme.dev: the challenge is "AAEC", but must be at least 16 random bytes in base64url`,
		},
		"hasty timeout": {
			func(s *fakeStack) { s.timeout = 5000 },
			`flow-options: warning: https://auth.acme.dev: ceremonies time out after 5 s; users need between 60 and 600`,
		},
		"cached sign-up": {
			func(s *fakeStack) { s.signUp = func() string { return "always the same" } },
			`user-handle: error: https://auth.acme.dev: two sign-up flows have the same user handle, so the passkey of the second account replaces that of the first`,
		},
		"email as user handle": {
			func(s *fakeStack) { s.signUp = func() string { return rand.Text() + "@acme.dev" } },
			`user-handle: warning: https://auth.acme.dev: the user handle looks like an email address, which every authenticator would reveal`,
		},
		"long user handle": {
			func(s *fakeStack) { s.signUp = func() string { return strings.Repeat("x", 65) } },
			`user-handle: error: https://auth.acme.dev: the user handle of a sign-up flow has 65 bytes; browsers accept 1 to 64`,
		},
		"script not proxied": {
			func(s *fakeStack) { s.routes["auth.acme.dev"+scriptPath] = http.NotFound },
			`webauthn-script: error: ` + script + `: the request for Kratos' script returns status 404`,
		},
		"script is the index page": {
			func(s *fakeStack) { s.routes["auth.acme.dev"+scriptPath] = reply(200, "text/html", "<html>") },
			`webauthn-script: error: ` + script + `: Kratos' script has the content type "text/html"`,
		},
		"script changed on the way": {
			func(s *fakeStack) {
				s.routes["auth.acme.dev"+scriptPath] = reply(200, "text/javascript", fakeScript+" ")
			},
			`webauthn-script: error: ` + script + `: Kratos' script does not match its integrity "sha512-`,
		},
		"script without CORS": {
			func(s *fakeStack) { swap(&s.page, `webauthn.js">`, `webauthn.js" crossorigin>`) },
			`webauthn-script: error: ` + script + `: the page loads Kratos' script from another origin with integrity or crossorigin, and browsers do not run it: Access-Control-Allow-Origin is ""`,
		},
		"policy without the script": {
			func(s *fakeStack) {
				s.pageHeader["Content-Security-Policy"] = "script-src 'self'; form-action 'self' https://auth.acme.dev"
			},
			`content-security-policy: error: ` + page + `: script-src blocks the page's script "` + script + `"`,
		},
		"policy without inline handlers": {
			func(s *fakeStack) { s.page += `<button onclick="window.oryPasskeyLogin()">` },
			`content-security-policy: error: ` + page + `: script-src blocks the inline handler "onclick=window.oryPasskeyLogin()" of a Kratos node`,
		},
		"policy in the page": {
			func(s *fakeStack) {
				s.page += `<meta http-equiv="content-security-policy" content="form-action 'self'">`
			},
			`content-security-policy: error: ` + page + `: form-action blocks "https://auth.acme.dev", the target of a form: the browser stays on the page without an error`,
		},
		"permissions taken away": {
			func(s *fakeStack) {
				s.pageHeader["Permissions-Policy"] = "geolocation=(), publickey-credentials-get=(), publickey-credentials-create=*"
			},
			`permissions-policy: error: ` + page + `: Permissions-Policy has "publickey-credentials-get=()", so browsers reject navigator.credentials.get on this page`,
		},
		"no autofill": {
			func(s *fakeStack) { swap(&s.page, "username webauthn", "username") },
			`autofill: warning: ` + page + `: no field of the page offers passkeys in autofill`,
		},
		"cookie of Kratos' host alone": {
			func(s *fakeStack) { swap(&s.cookie, "Domain=acme.dev; ", "") },
			`cookies: warning: https://auth.acme.dev/self-service/login/browser: the cookie "csrf_…" belongs to "auth.acme.dev" only, so the page's server at "login.acme.dev" does not receive it`,
		},
		"cookie of a foreign domain": {
			func(s *fakeStack) { swap(&s.cookie, "Domain=acme.dev", "Domain=acme.io") },
			`cookies: warning: https://auth.acme.dev/self-service/login/browser: the cookie "csrf_…" has the domain "acme.io", so browsers do not accept it from "auth.acme.dev"`,
		},
		"cookie without Secure": {
			func(s *fakeStack) { swap(&s.cookie, "Secure; ", "") },
			`cookies: warning: https://auth.acme.dev/self-service/login/browser: the cookie "csrf_…" has no Secure attribute`,
		},
		"no CORS for a script's page": {
			func(s *fakeStack) {
				s.page = "<!doctype html>"
				s.pageHeader["Content-Security-Policy"] = "connect-src https://*.acme.dev"
			},
			`cors: warning: https://auth.acme.dev: Kratos blocks scripts from "https://login.acme.dev": Access-Control-Allow-Origin is ""`,
		},
		"admin API on Kratos' host": {
			func(s *fakeStack) {
				s.routes["auth.acme.dev/admin/identities"] = reply(400, "application/json", `{"error":{"reason":"The page token is invalid, do not craft your own page tokens"}}`)
			},
			`admin-api: error: https://auth.acme.dev: Kratos' admin API is reachable here without authentication`,
		},
		"admin port open": {
			func(s *fakeStack) {
				s.resolve["login.acme.dev:4434"] = "PLAIN"
				s.routes["login.acme.dev:4434/admin/version"] = reply(200, "application/json", `{"version":"v26.2.0"}`)
			},
			`admin-api: error: http://login.acme.dev:4434: Kratos' admin API is reachable here without authentication`,
		},
		"too old a Kratos": {
			func(s *fakeStack) {
				s.version = "v1.1.0"
				s.options = func(o *Options) { o.Apple, o.Android, o.Files = nil, nil, nil }
			},
			`kratos-version: error: http://127.0.0.1:PORT: Kratos v1.1.0 has no passkey method; it was added in v1.2.0`,
		},
		"configuration of a newer Kratos": {
			func(s *fakeStack) {
				s.version = "v1.3.1"
				swap(&s.config, "            - android:apk-key-hash:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n", "")
				swap(&s.config, "/login\" }", "/login\", after: { passkey: { hooks: [{ hook: require_verified_address }] } } }")
				s.routes["acme.dev/.well-known/assetlinks.json"] = http.NotFound
				s.options = func(o *Options) { o.Apple, o.Android = nil, nil }
			},
			`kratos-version: error: kratos.yml:5:90: with Kratos v1.3.1: require_verified_address has no effect on passkeys in Kratos v1.3.1: users with an unverified address can sign in [require-verified-ignored]`,
		},
		"apps on browser flows": {
			func(s *fakeStack) { s.version = "v25.4.0" },
			`native-unsupported: error: http://127.0.0.1:PORT: Kratos v25.4.0 supports passkeys only in browser flows, and there are native apps`,
		},
		"related origins are the index page": {
			func(s *fakeStack) { s.routes["acme.dev/.well-known/webauthn"] = reply(200, "text/html", "<html>") },
			`related-origins: error: https://acme.dev/.well-known/webauthn: responds with an HTML page and status 200 instead of the document [spa-fallback]`,
		},
		"related origins lack one": {
			func(s *fakeStack) {
				s.routes["acme.dev/.well-known/webauthn"] = reply(200, "application/json", `{"origins":[]}`)
			},
			`related-origins: error: https://acme.dev/.well-known/webauthn: does not list "https://acme.io", which is in rp.origins and depends on it [ror-parity]`,
		},
		"related origins are missing": {
			func(s *fakeStack) { s.routes["acme.dev/.well-known/webauthn"] = http.NotFound },
			`related-origins: error: https://acme.dev/.well-known/webauthn: is missing (status 404) [ror-document]`,
		},
		"passkey endpoints lead nowhere": {
			func(s *fakeStack) {
				s.routes["acme.dev/.well-known/passkey-endpoints"] = reply(200, "application/json", `{"enroll":"https://login.acme.dev/nowhere"}`)
			},
			`passkey-endpoints: warning: https://acme.dev/.well-known/passkey-endpoints: links to "https://login.acme.dev/nowhere", which responds with status 404`,
		},
		"asset links are missing": {
			func(s *fakeStack) { s.routes["acme.dev/.well-known/assetlinks.json"] = http.NotFound },
			`assetlinks: error: https://acme.dev/.well-known/assetlinks.json: is missing (status 404)`,
		},
		"app's key is not an origin": {
			func(s *fakeStack) {
				swap(&s.config, "            - android:apk-key-hash:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n", "")
			},
			`assetlinks: error: https://acme.dev/.well-known/assetlinks.json: has the fingerprint ` + fakeFingerprint + ` for the app "dev.acme.app", but rp.origins lacks its origin: Android accepts the app and Kratos rejects it [fingerprint-parity]`,
		},
		"apple association redirects": {
			func(s *fakeStack) {
				s.routes["acme.dev/.well-known/apple-app-site-association"] = redirect("https://www.acme.dev/aasa")
			},
			`apple-app-site-association: error: https://acme.dev/.well-known/apple-app-site-association: redirects to "https://www.acme.dev/aasa", but Apple's servers do not follow redirects`,
		},
		"apple's copy is old": {
			func(s *fakeStack) {
				s.routes["app-site-association.cdn-apple.com/a/v1/acme.dev"] = reply(200, "application/json", `{}`)
			},
			`aasa-cdn: warning: https://app-site-association.cdn-apple.com/a/v1/acme.dev: Apple's copy does not have the app "ABCDE12345.dev.acme.app" yet`,
		},
		"index is not built": {
			func(s *fakeStack) { s.sidecar = `{"complete":false}` },
			`sidecar-index: warning: http://127.0.0.1:PORT/v1/index: the index is not complete yet; until then the sidecar returns 503 for unknown user handles`,
		},
		"hooks pile up": {
			func(s *fakeStack) { s.sidecar = `{"complete":true,"oldest_hook_seconds":3600}` },
			`sidecar-index: warning: http://127.0.0.1:PORT/v1/index: a hook has been waiting for 3600 s for its identity to be read`,
		},
		"no sweep for days": {
			func(s *fakeStack) { s.sidecar = `{"complete":true,"sweep_ended_at":"2026-10-28T00:00:00Z"}` },
			`sidecar-index: warning: http://127.0.0.1:PORT/v1/index: the last sweep ended 97 hours ago`,
		},
		"sidecar is down": {
			func(s *fakeStack) { s.options = func(o *Options) { o.SidecarURL = "http://127.0.0.1:1" } },
			`sidecar-index: error: http://127.0.0.1:PORT/v1/index: the sidecar does not respond: dial tcp 127.0.0.1:PORT: connect: connection refused`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeStack()
			c.sabotage(s)
			got := said(s.examine(t))
			require.Len(t, got, 1, "%q", got)
			// The reasons of package webauthn are tested there.
			open := strings.HasSuffix(c.want, " ") || strings.HasSuffix(c.want, "-")
			if open {
				require.True(t, strings.HasPrefix(got[0], c.want), "%q", got)
				return
			}
			require.Equal(t, c.want, got[0])
		})
	}
}

// TestExpired checks that an expired certificate is reported once, and other
// checks do not run.
func TestExpired(t *testing.T) {
	s := newFakeStack()
	s.leaf["login.acme.dev"] = leaf{ends: time.Now().AddDate(0, 0, -1)}
	s.options = func(o *Options) { o.SidecarURL = "" }
	s.routes["acme.dev/.well-known/passkey-endpoints"] = http.NotFound
	r := s.examine(t)
	require.Equal(t, []string{
		"tls: error: https://login.acme.dev/login: the certificate is not trusted: it has expired or is not valid yet: valid from " +
			time.Now().AddDate(-1, 0, 0).UTC().Format(time.DateOnly) + " to " + time.Now().AddDate(0, 0, -1).UTC().Format(time.DateOnly),
		"passkey-endpoints: info: https://acme.dev/.well-known/passkey-endpoints: is missing, so password managers cannot link to the page for adding passkeys",
	}, said(r))
	require.Equal(t, []string{
		"page: the page's certificate is not trusted", "hsts: the page could not be read", "ui-redirects: the page could not be read",
		"content-security-policy: the page could not be read", "permissions-policy: the page could not be read", "autofill: the page could not be read", "cors: the page could not be read",
	}, ended(r, NotRun))
}
