package ceremony_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
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
	"github.com/olympusoss/oly-passkey/pkg/doctor"
)

// settle writes the demo's configuration and waits until Kratos has read it, which
// the lifespan of its flows shows.
func (d *deployment) settle(t *testing.T, name, config string, minutes int) {
	t.Helper()
	const before = "    login:\n      ui_url:"
	require.Equal(t, 1, strings.Count(config, before))
	config = strings.Replace(config, before, fmt.Sprintf("    login:\n      lifespan: %dm\n      ui_url:", minutes), 1)
	require.NoError(t, os.WriteFile(name, []byte(config), 0o600))
	want := time.Duration(minutes) * time.Minute
	for deadline := time.Now().Add(20 * time.Second); lifespan(t, d.KratosURL) != want; time.Sleep(50 * time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "Kratos did not reload its configuration")
	}
}

func lifespan(t *testing.T, public string) time.Duration {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, public+"/self-service/login/browser", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	var f struct {
		Issued  time.Time `json:"issued_at"`
		Expires time.Time `json:"expires_at"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&f))
	return f.Expires.Sub(f.Issued).Round(time.Minute)
}

// strictPages starts a proxy in front of the pages whose policy blocks all
// scripts, and returns its URL.
func strictPages(t *testing.T, pages string) string {
	t.Helper()
	target, err := url.Parse(pages)
	require.NoError(t, err)
	through := httputil.NewSingleHostReverseProxy(target)
	through.ModifyResponse = func(r *http.Response) error {
		r.Header.Set("Content-Security-Policy", "script-src 'none'")
		return nil
	}
	s := httptest.NewServer(through)
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
}

// plainConfig configures a Kratos on auth.acme.dev with its pages on login.acme.dev.
const plainConfig = `dsn: memory
cookies: { domain: acme.dev }
log: { level: error }
serve:
  public: { host: 127.0.0.1, port: PUBLIC, base_url: "https://auth.acme.dev/", cors: { enabled: true, allowed_origins: [ "https://login.acme.dev" ] } }
  admin: { host: 127.0.0.1, port: ADMIN }
selfservice:
  default_browser_return_url: https://login.acme.dev/
  flows:
    error: { ui_url: https://login.acme.dev/error }
    login: { ui_url: https://login.acme.dev/login }
    registration:
      ui_url: https://login.acme.dev/registration
      after: { passkey: { hooks: [ { hook: session } ] } }
    settings: { ui_url: https://login.acme.dev/settings }
  methods:
    password: { enabled: true }
    passkey:
      enabled: true
      config: { rp: { id: acme.dev, display_name: Acme, origins: [ "https://login.acme.dev" ] } }
identity:
  default_schema_id: person
  schemas: [ { id: person, url: "base64://SCHEMA" } ]
`

const plainSchema = `{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"traits": {"type": "object",
"properties": {
  "email": {"type": "string", "format": "email", "title": "E-mail", "ory.sh/kratos": {"credentials": {"password": {"identifier": true}, "passkey": {"display_name": true}}}},
  "name": {"type": "object", "properties": {"first": {"type": "string"}}},
  "terms": {"type": "boolean", "title": "Terms"}},
"required": ["email"]}}}`

// startPlain runs that deployment with the plainest pages, behind certificates
// of an authority of its own.
func startPlain(t *testing.T, config string) doctor.Options {
	t.Helper()
	ports := kratostest.FreePorts(t, 2)
	api, admin := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	dir := t.TempDir()
	config = strings.NewReplacer("PUBLIC", ports[0], "ADMIN", ports[1], "SCHEMA", base64.StdEncoding.EncodeToString([]byte(plainSchema))).Replace(config)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kratos.yml"), []byte(config), 0o600))
	kratostest.Run(t, kratostest.Command(t, dir, "serve", "-c", "kratos.yml", "--sqa-opt-out", "--dev"), admin+"/admin/health/ready", api+"/health/ready")
	target, err := url.Parse(api)
	require.NoError(t, err)
	proxy, pages := httputil.NewSingleHostReverseProxy(target), plain{"https://auth.acme.dev", api}
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "auth.acme.dev" {
			proxy.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	}))
	cert, roots := certificate(t)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	o := doctor.Options{URL: "https://login.acme.dev/login", AdminURL: admin, Roots: roots, Resolve: map[string]string{}}
	for _, host := range []string{"auth.acme.dev:443", "login.acme.dev:443", "acme.dev:443"} {
		o.Resolve[host] = secure.Listener.Addr().String()
	}
	for _, host := range []string{"auth.acme.dev:4434", "login.acme.dev:4434"} {
		o.Resolve[host] = "127.0.0.1:1" // no server listens
	}
	return o
}

// certificate is of an authority that nothing but the test trusts.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	sign := func(template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		if parent == nil {
			parent, parentKey = template, key
		}
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(0, 6, 0)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
		require.NoError(t, err)
		cert, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		return cert, key
	}
	ca, caKey := sign(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	leaf, key := sign(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "acme.dev"}, DNSNames: []string{"acme.dev", "*.acme.dev"}}, ca, caKey)
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}, roots
}
