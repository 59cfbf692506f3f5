package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
)

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
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
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue makes a certificate for a name, good on 127.0.0.1 too.
func (a *authority) issue(t *testing.T, name string, serial int64) (cert, key []byte) {
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
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
}

// client trusts the authority and shows a certificate for name, none for "".
func (a *authority) client(t *testing.T, name string) *http.Client {
	t.Helper()
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	require.True(t, config.RootCAs.AppendCertsFromPEM(a.pem))
	if name != "" {
		cert, key := a.issue(t, name, 9)
		pair, err := tls.X509KeyPair(cert, key)
		require.NoError(t, err)
		config.Certificates = []tls.Certificate{pair}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
}

// serial returns the serial number of the server's certificate.
func serial(c *http.Client, url string) (int64, error) {
	resp, err := c.Get(url + "/openapi.json")
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.TLS.PeerCertificates[0].SerialNumber.Int64(), err
}

func TestTLS(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	cert, key := ca.issue(t, "sidecar.internal", 2)
	o := server.TLS{
		CertFile: write("tls.crt", cert), KeyFile: write("tls.key", key),
		ClientCAFile: write("ca.crt", ca.pem), ClientSANs: []string{"login.internal"},
	}
	s := serve(t, func(so *server.Options) { so.TLS, so.Listen = o, "0.0.0.0:0" }) // not on loopback only: it is not clear text
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL(), "https://"))
	require.NoError(t, err)
	url := "https://127.0.0.1:" + port

	got, err := serial(ca.client(t, "login.internal"), url)
	require.NoError(t, err)
	require.Equal(t, int64(2), got)
	for name, client := range map[string]*http.Client{
		"no certificate":       ca.client(t, ""),
		"another name":         ca.client(t, "shop.internal"),
		"of another authority": {Transport: mixed(t, ca, other)},
	} {
		_, err := serial(client, url)
		require.Error(t, err, name)
	}

	// A new certificate is served without a restart; half a change is not.
	cert, key = ca.issue(t, "sidecar.internal", 3)
	write("tls.crt", cert)
	got, err = serial(ca.client(t, "login.internal"), url)
	require.NoError(t, err)
	require.Equal(t, int64(2), got)
	write("tls.key", key)
	for deadline := time.Now().Add(20 * time.Second); got != 3; time.Sleep(20 * time.Millisecond) {
		require.False(t, time.Now().After(deadline), "the new certificate is not served")
		got, err = serial(ca.client(t, "login.internal"), url)
		require.NoError(t, err)
	}
}

// mixed trusts one authority and shows a certificate of the other.
func mixed(t *testing.T, trusted, shown *authority) *http.Transport {
	t.Helper()
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	require.True(t, config.RootCAs.AppendCertsFromPEM(trusted.pem))
	cert, key := shown.issue(t, "login.internal", 9)
	pair, err := tls.X509KeyPair(cert, key)
	require.NoError(t, err)
	config.Certificates = []tls.Certificate{pair}
	return &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
}

func TestTLSErrors(t *testing.T) {
	dir := t.TempDir()
	cert, key := newAuthority(t).issue(t, "x", 2)
	certFile, keyFile, otherKey := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	require.NoError(t, os.WriteFile(certFile, cert, 0o600))
	require.NoError(t, os.WriteFile(keyFile, key, 0o600))
	_, another := newAuthority(t).issue(t, "x", 2)
	require.NoError(t, os.WriteFile(otherKey, another, 0o600))
	keys, err := api.ReadKeys(strings.NewReader(unitKeys), "keys")
	require.NoError(t, err)
	for _, tc := range []struct {
		tls  server.TLS
		want string
	}{
		{server.TLS{CertFile: certFile}, "TLS needs both --tls-cert-file and --tls-key-file"},
		{server.TLS{ClientCAFile: certFile}, "--client-ca-file needs --tls-cert-file and --tls-key-file"},
		{server.TLS{CertFile: certFile, KeyFile: keyFile, ClientCAFile: certFile}, "--client-ca-file needs --client-san: name the clients to accept among all those that the CA has issued certificates to"},
		{server.TLS{CertFile: certFile, KeyFile: keyFile, ClientSANs: []string{"x"}}, "--client-san needs --client-ca-file"},
		{server.TLS{CertFile: dir + "/none", KeyFile: keyFile}, "tls: open " + dir + "/none: no such file or directory"},
		{server.TLS{CertFile: certFile, KeyFile: otherKey}, `tls: "` + certFile + `" and "` + otherKey + `": tls: private key does not match public key`},
		{server.TLS{CertFile: certFile, KeyFile: keyFile, ClientCAFile: keyFile, ClientSANs: []string{"x"}}, `tls: "` + keyFile + `" contains no certificate`},
	} {
		_, err := server.New(t.Context(), server.Options{
			KratosAdminURL: "http://127.0.0.1:1", DataDir: t.TempDir(), Keys: keys, TLS: tc.tls,
			Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler),
		})
		require.EqualError(t, err, tc.want)
	}
}
