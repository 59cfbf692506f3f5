package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// certificate writes a self-signed certificate for a host and its key.
func certificate(t *testing.T, host string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	return cert, key
}

// TestWellknownServedAndChecked serves the documents over TLS and checks them
// there, under the name that rp.id has.
func TestWellknownServedAndChecked(t *testing.T) {
	cert, key := certificate(t, "example.com")
	config := filepath.Join(t.TempDir(), "kratos.yml")
	require.NoError(t, os.WriteFile(config, []byte(`selfservice: { methods: { passkey: { enabled: true, config: { rp: { id: example.com, origins: ["https://app.example.org"] } } } } }`), 0o600))
	ctx, stop := context.WithCancel(context.Background())
	said, says := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"wellknown", "serve", "-c", config, "--apple-app", "ABCDE12345.com.example.app", "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key},
			&app{stdout: io.Discard, stderr: says})
	}()
	line, err := bufio.NewReader(said).ReadString('\n')
	require.NoError(t, err)
	before, address, ok := strings.Cut(strings.TrimSpace(line), "https://")
	require.True(t, ok, line)
	require.Equal(t, `oly-passkey: serving the documents of rp.id "example.com" on `, before)

	check := func(args ...string) (int, string) {
		var out bytes.Buffer
		args = append([]string{"wellknown", "check", "-c", config, "--resolve", "example.com:443:" + address, "--ca-file", cert}, args...)
		code := run(ctx, args, &app{stdout: &out, stderr: io.Discard})
		return code, out.String()
	}
	code, out := check("webauthn", "apple-app-site-association", "--apple-app", "ABCDE12345.com.example.app", "--fail-on", "info")
	require.Empty(t, out)
	require.Equal(t, cli.ExitClean, code)
	code, out = check("apple-app-site-association", "--apple-app", "ZZZZZ12345.com.example.app")
	require.Equal(t, cli.ExitFindings, code)
	require.Contains(t, out, `error: does not list the app "ZZZZZ12345.com.example.app" [apple-app-site-association]`)
	// There is no settings page, so nothing to say in passkey-endpoints.
	code, out = check()
	require.Equal(t, cli.ExitClean, code)
	require.Equal(t, `https://example.com/.well-known/passkey-endpoints: info: is missing, so password managers cannot link to the page for adding passkeys [passkey-endpoints]
  help: generate it with oly-passkey wellknown generate passkey-endpoints
`, out)

	stop()
	require.Equal(t, cli.ExitClean, <-done)
}
