package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

// authority signs certificates for a test, good on 127.0.0.1.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{cert, key}
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// issue writes a certificate for a name and its key, and returns the paths.
func (a *authority) issue(t *testing.T, dir, name string, serial int64) (certFile, keyFile string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, &k.PublicKey, a.key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalECPrivateKey(k)
	require.NoError(t, err)
	certFile = write(t, dir, name+".crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	keyFile = write(t, dir, name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})))
	return certFile, keyFile
}

// pair reads what issue wrote.
func pair(t *testing.T, certFile, keyFile string) tls.Certificate {
	t.Helper()
	p, err := tls.LoadX509KeyPair(certFile, keyFile)
	require.NoError(t, err)
	return p
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// fakegateway is a proxy before a crowd that requires a token and a header, and
// counts the requests with both.
type fakegateway struct {
	crowd    http.Handler
	let      atomic.Int64
	versions atomic.Int64
}

func (g *fakegateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer the-token" || r.Header.Get("X-Tenant") != "one" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	g.let.Add(1)
	if r.URL.Path == "/admin/version" {
		g.versions.Add(1)
		_, _ = fmt.Fprint(w, `{"version":"v1.3.1"}`)
		return
	}
	g.crowd.ServeHTTP(w, r)
}

// TestKratosAccess reaches an admin API behind a gateway with mTLS, and one on a
// unix socket, from serve, audit and doctor alike.
func TestKratosAccess(t *testing.T) {
	s := newServing(t, 3)
	gateway := &fakegateway{crowd: s.crowd}
	ca := newAuthority(t)
	serverCert, serverKey := ca.issue(t, s.dir, "kratos.internal", 2)
	clientCert, clientKey := ca.issue(t, s.dir, "sidecar.internal", 3)

	behindTLS := httptest.NewUnstartedServer(gateway)
	behindTLS.TLS = &tls.Config{Certificates: []tls.Certificate{pair(t, serverCert, serverKey)}, ClientCAs: ca.pool(), ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	behindTLS.StartTLS()
	defer behindTLS.Close()
	socket := filepath.Join(s.dir, "kratos.sock")
	onSocket := httptest.NewUnstartedServer(gateway)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	require.NoError(t, err)
	require.NoError(t, onSocket.Listener.Close())
	onSocket.Listener = l
	onSocket.Start()
	defer onSocket.Close()

	secrets := []string{
		"--kratos-admin-token-file", write(t, s.dir, "token", "the-token\n"),
		"--kratos-admin-header-file", write(t, s.dir, "headers", "# ours\nX-Tenant: one\n"),
	}
	for name, access := range map[string]struct {
		url   string
		flags []string
	}{
		"tls":    {behindTLS.URL, append([]string{"--kratos-ca-file", write(t, s.dir, "ca.crt", string(ca.pem())), "--kratos-client-cert-file", clientCert, "--kratos-client-key-file", clientKey}, secrets...)},
		"socket": {"http://kratos", append([]string{"--kratos-admin-socket", socket}, secrets...)},
	} {
		t.Run(name, func(t *testing.T) {
			before := gateway.let.Load()
			free := kratostest.FreeAddresses(t, 2)
			p := spawn(t, nil, append([]string{
				"serve", "--kratos-admin-url", access.url, "--data-dir", filepath.Join(t.TempDir(), "data"), "--dev", "--listen", free[0], "--metrics-listen", free[1],
			}, access.flags...)...)
			p.logs(1, "index is complete")
			require.Greater(t, gateway.let.Load(), before)

			var out, errs bytes.Buffer
			a := &app{stdin: &bytes.Buffer{}, stdout: &out, stderr: &errs}
			code := run(t.Context(), append([]string{"audit", "--kratos-admin-url", access.url, "--format", "json"}, access.flags...), a)
			require.Contains(t, []int{cli.ExitClean, cli.ExitFindings}, code, "%s", &errs)
			require.Contains(t, out.String(), `"identities": 3`)

			seen := gateway.versions.Load()
			run(t.Context(), append([]string{"doctor", "http://127.0.0.1:1/login", "--kratos-url", "http://127.0.0.1:1", "--kratos-admin-url", access.url}, access.flags...), a)
			require.Equal(t, seen+1, gateway.versions.Load(), "%s%s", &out, &errs)
		})
	}
}

// TestServeTLS asks a real server with and without certificates, and replaces
// its own by a reload.
func TestServeTLS(t *testing.T) {
	s := newServing(t, 1)
	ca, stranger := newAuthority(t), newAuthority(t)
	cert, key := ca.issue(t, s.dir, "sidecar.internal", 2)
	keys := write(t, s.dir, "sidecar.keys", "resolve:the-key\nresolve:its-successor\n")
	p := spawn(t, nil, s.args("--api-key-file", keys, "--tls-cert-file", cert, "--tls-key-file", key,
		"--client-ca-file", write(t, s.dir, "ca.crt", string(ca.pem())), "--client-san", "login.internal", "--client-san", "spiffe://cluster/login")...)
	p.answers(http.StatusOK, "http://"+s.admin+"/readyz")
	p.logs(1, "index is complete")
	shows := func(by *authority, name string) *http.Client {
		config := &tls.Config{RootCAs: ca.pool(), MinVersion: tls.VersionTLS12}
		if by != nil {
			cert, key := by.issue(t, t.TempDir(), name, 9)
			config.Certificates = []tls.Certificate{pair(t, cert, key)}
		}
		return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	}
	resolve := func(c *http.Client, key string) int {
		status, _ := request(t, c, http.MethodPost, "https://"+s.listen+"/v1/resolve", key, fmt.Sprintf(`{"user_handle":%q}`, handleOf(s.crowd.listed[0])))
		return status
	}
	login := shows(ca, "login.internal")
	require.Equal(t, http.StatusOK, resolve(login, "the-key"))
	require.Equal(t, http.StatusOK, resolve(login, "its-successor"))
	require.Equal(t, http.StatusUnauthorized, resolve(login, "another"), "a certificate is no key")
	for name, c := range map[string]*http.Client{"none": shows(nil, ""), "another name": shows(ca, "shop.internal"), "another authority": shows(stranger, "login.internal")} {
		require.Equal(t, 0, resolve(c, "the-key"), name)
	}
	status, _ := request(t, http.DefaultClient, http.MethodPost, "http://"+s.listen+"/v1/resolve", "the-key", "{}")
	require.Equal(t, http.StatusBadRequest, status, "clear text is told so by the listener, and reaches nothing")

	ca.issue(t, s.dir, "sidecar.internal", 7)
	p.becomes("the new certificate is served", func() bool {
		c, err := tls.Dial("tcp", s.listen, &tls.Config{RootCAs: ca.pool(), ServerName: "sidecar.internal", MinVersion: tls.VersionTLS12})
		if err != nil {
			return false
		}
		defer func() { _ = c.Close() }()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64() == 7
	})
	require.Equal(t, http.StatusOK, resolve(login, "the-key"))
}
