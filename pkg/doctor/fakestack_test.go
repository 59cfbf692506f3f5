package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// fakeStack fakes a whole deployment over https, because a real Kratos cannot
// produce most faults: pages on login.acme.dev, Kratos on auth.acme.dev, the
// documents on acme.dev, Apple's copies. It is correct until a test changes it.
type fakeStack struct {
	config      string
	pageHeader  map[string]string
	page        string
	cookie      string
	rpID        string
	challenge   string
	timeout     int // ms
	action, src string
	signUp      func() string // user handles of sign-up flows; nil: two steps
	version     string
	sidecar     string
	routes      map[string]http.HandlerFunc // by host and path, before all others
	leaf        map[string]leaf             // by host
	upstream    map[string]http.Handler     // by host, instead of the fake
	resolve     map[string]string           // before all others
	options     func(*Options)
}

// leaf describes the fault of a host's certificate.
type leaf struct {
	name    string
	ends    time.Time
	foreign bool // of another CA
}

const (
	fakeScript      = "window.oryPasskeyLogin = () => {}\n"
	fakeFingerprint = "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
	fakeApple       = "ABCDE12345.dev.acme.app"
	fakePage        = `<!doctype html><script src="https://auth.acme.dev/.well-known/ory/webauthn.js"></script>
<form method="post" action="https://auth.acme.dev/self-service/login?flow=1"><input name="identifier" autocomplete="username webauthn"></form>`
	fakeConfig = `serve:
  public: { base_url: "https://auth.acme.dev/" }
selfservice:
  flows:
    login: { ui_url: "https://login.acme.dev/login" }
    registration: { ui_url: "https://login.acme.dev/registration" }
    settings: { ui_url: "https://login.acme.dev/settings" }
  methods:
    passkey:
      enabled: true
      config:
        rp:
          id: acme.dev
          display_name: Acme
          origins:
            - https://login.acme.dev
            - https://acme.io
            - android:apk-key-hash:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8
`
)

func newFakeStack() *fakeStack {
	return &fakeStack{
		config: fakeConfig,
		pageHeader: map[string]string{
			"Content-Type":              "text/html",
			"Strict-Transport-Security": "max-age=31536000; includeSubDomains",
			"Content-Security-Policy":   "default-src 'none'; script-src https://auth.acme.dev; form-action 'self' https://auth.acme.dev",
			"Permissions-Policy":        "publickey-credentials-get=(self), publickey-credentials-create=(self)",
		},
		page:      fakePage,
		cookie:    "csrf_token_1=x; Domain=acme.dev; Secure; HttpOnly; SameSite=Lax; Path=/",
		rpID:      "acme.dev",
		challenge: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		timeout:   300_000,
		action:    "https://auth.acme.dev/self-service/login?flow=1",
		src:       "https://auth.acme.dev/.well-known/ory/webauthn.js",
		version:   "v26.2.0",
		sidecar:   `{"complete":true,"sweep_ended_at":"2026-11-01T00:00:00Z","oldest_hook_seconds":0}`,
		routes:    map[string]http.HandlerFunc{},
		leaf:      map[string]leaf{},
		resolve:   map[string]string{},
		options:   func(*Options) {},
	}
}

// fakeNow returns the time of all tests.
func fakeNow() time.Time { return time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC) }

func reply(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

func (s *fakeStack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if route := s.routes[r.Host+r.URL.Path]; route != nil {
		route(w, r)
		return
	}
	if route := s.routes[host+r.URL.Path]; route != nil {
		route(w, r)
		return
	}
	if upstream := s.upstream[host]; upstream != nil {
		upstream.ServeHTTP(w, r)
		return
	}
	const j = "application/json"
	switch host + r.URL.Path {
	case "login.acme.dev/login", "login.acme.dev/registration", "login.acme.dev/settings", "www.acme.dev/login":
		for name, value := range s.pageHeader {
			w.Header().Set(name, value)
		}
		_, _ = io.WriteString(w, s.page)
	case "auth.acme.dev/self-service/login/browser":
		w.Header().Set("Set-Cookie", s.cookie)
		s.flow(w, "passkey_challenge", map[string]any{"publicKey": map[string]any{"challenge": s.challenge, "timeout": s.timeout, "rpId": s.rpID}})
	case "auth.acme.dev/self-service/registration/browser":
		if s.signUp == nil {
			s.flow(w, "", nil)
			return
		}
		s.flow(w, "passkey_create_data", map[string]any{"credentialOptions": map[string]any{"publicKey": map[string]any{
			"rp": map[string]any{"id": s.rpID}, "user": map[string]any{"id": base64.RawURLEncoding.EncodeToString([]byte(s.signUp()))},
		}}})
	case "auth.acme.dev/.well-known/ory/webauthn.js":
		reply(200, "text/javascript; charset=utf-8", fakeScript)(w, r)
	case "auth.acme.dev/admin/identities":
		http.Redirect(w, r, "http://127.0.0.1:1/admin/identities", http.StatusTemporaryRedirect)
	case "acme.dev/.well-known/webauthn":
		reply(200, j, `{"origins":["https://acme.io"]}`)(w, r)
	case "acme.dev/.well-known/passkey-endpoints":
		reply(200, j, `{"enroll":"https://login.acme.dev/settings","manage":"https://login.acme.dev/settings"}`)(w, r)
	case "acme.dev/.well-known/assetlinks.json":
		reply(200, j, `[{"relation":["delegate_permission/common.get_login_creds","delegate_permission/common.handle_all_urls"],
			"target":{"namespace":"android_app","package_name":"dev.acme.app","sha256_cert_fingerprints":["`+fakeFingerprint+`"]}}]`)(w, r)
	case "acme.dev/.well-known/apple-app-site-association", "app-site-association.cdn-apple.com/a/v1/acme.dev":
		reply(200, j, `{"webcredentials":{"apps":["`+fakeApple+`"]}}`)(w, r)
	case "127.0.0.1/admin/version":
		reply(200, j, `{"version":"`+s.version+`"}`)(w, r)
	case "127.0.0.1/v1/index":
		reply(200, j, s.sidecar)(w, r)
	default:
		http.NotFound(w, r)
	}
}

// flow writes a flow with a node of a name, as Kratos does.
func (s *fakeStack) flow(w http.ResponseWriter, name string, data any) {
	sum := sha512.Sum512([]byte(fakeScript))
	nodes := []any{
		map[string]any{"type": "input", "group": "default", "attributes": map[string]any{"name": "identifier", "value": ""}},
		map[string]any{"type": "script", "group": "webauthn", "attributes": map[string]any{"src": s.src, "integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum[:])}},
	}
	if name != "" {
		text, _ := json.Marshal(data)
		nodes = append(nodes, map[string]any{"type": "input", "group": "passkey", "attributes": map[string]any{"name": name, "value": string(text)}})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"ui": map[string]any{"action": s.action, "nodes": nodes}})
}

// examine serves the stack with certificates of a test CA, and runs all checks.
func (s *fakeStack) examine(t *testing.T) *Report {
	t.Helper()
	ca, other := newCA(t), newCA(t)
	secure := httptest.NewUnstartedServer(s)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // clients hang up on purpose
	secure.TLS = &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		l := s.leaf[hello.ServerName]
		if l.name == "" {
			l.name = hello.ServerName
		}
		if l.ends.IsZero() {
			l.ends = time.Now().AddDate(1, 0, 0)
		}
		if l.foreign {
			return other.issue(l)
		}
		return ca.issue(l)
	}}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(s)
	t.Cleanup(plain.Close)

	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	o := Options{
		URL: "https://login.acme.dev/login", AdminURL: plain.URL, SidecarURL: plain.URL, SidecarKey: "key",
		Files: []*source.File{source.New("kratos.yml", []byte(s.config))}, Roots: roots, Now: fakeNow, Timeout: time.Minute,
		Android: []wellknown.AndroidApp{{Package: "dev.acme.app"}}, Apple: []string{fakeApple},
		Resolve: map[string]string{},
	}
	for _, host := range []string{"login.acme.dev", "www.acme.dev", "auth.acme.dev", "acme.dev", "app-site-association.cdn-apple.com"} {
		o.Resolve[host+":443"] = secure.Listener.Addr().String()
		o.Resolve[host+":4434"] = "127.0.0.1:1" // no server listens
	}
	for name, to := range s.resolve {
		o.Resolve[name] = strings.ReplaceAll(to, "PLAIN", plain.Listener.Addr().String())
	}
	s.options(&o)
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.False(t, r.TimedOut)
	return r
}

// testCA is a certificate authority of a test.
type testCA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newCA(t *testing.T) *testCA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: rand.Text()}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(2, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &testCA{cert, key}
}

func (ca *testCA) issue(l leaf) (*tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: l.name}, DNSNames: []string{l.name},
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: l.ends,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &ca.key.PublicKey, ca.key)
	if err != nil {
		return nil, fmt.Errorf("issue a certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: ca.key}, nil
}
