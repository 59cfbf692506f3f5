package chromium

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Site serves every host: an empty page everywhere, and one related origins
// document, which a test sets before each case.
type Site struct {
	Related     atomic.Pointer[Document]
	HTTPS, HTTP string // host:port
	spki        string // base64 SHA-256 of the certificate's public key
}

// Document is a response of /.well-known/webauthn.
type Document struct {
	Status      int    `json:"status"`
	ContentType string `json:"content_type"`
	Body        string `json:"body"`
}

// StartSite serves the world on two loopback ports until the test ends.
func StartSite(tb testing.TB) *Site {
	tb.Helper()
	s := &Site{}
	cert, spki := certificate(tb)
	s.spki = spki
	plain := httptest.NewServer(s)
	tb.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(s)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // browsers hang up at names that end in a dot
	secure.StartTLS()
	tb.Cleanup(secure.Close)
	s.HTTP, s.HTTPS = plain.Listener.Addr().String(), secure.Listener.Addr().String()
	return s
}

// Browse starts a browser for which every host name is this site, on the
// default ports too.
func (s *Site) Browse(tb testing.TB) context.Context {
	tb.Helper()
	return Start(tb, []string{"MAP *:443 " + s.HTTPS, "MAP *:80 " + s.HTTP},
		chromedp.Flag("ignore-certificate-errors-spki-list", s.spki))
}

// Ports replaces the ports 18080 and 18443, which cases name, by those of this
// run's servers.
func (s *Site) Ports() *strings.Replacer {
	_, plain, _ := net.SplitHostPort(s.HTTP)
	_, secure, _ := net.SplitHostPort(s.HTTPS)
	return strings.NewReplacer(":18080", ":"+plain, ":18443", ":"+secure)
}

// ServeHTTP is every page there is.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Path != "/.well-known/webauthn" {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>page</title>"))
		return
	}
	doc := s.Related.Load()
	if doc == nil {
		http.NotFound(w, r)
		return
	}
	w.Header()["Content-Type"] = nil
	if doc.ContentType != "" {
		w.Header().Set("Content-Type", doc.ContentType)
	}
	w.WriteHeader(doc.Status)
	_, _ = w.Write([]byte(doc.Body))
}

func certificate(tb testing.TB) (tls.Certificate, string) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "test"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(tb, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(tb, err)
	sum := sha256.Sum256(public)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, base64.StdEncoding.EncodeToString(sum[:])
}
