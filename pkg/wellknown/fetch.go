package wellknown

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/redact"
)

// Fetched is the answer to a request for a document, redirects followed.
type Fetched struct {
	URL         string   // that was asked for, or the file's name
	Redirects   []string // URLs that were passed on the way, the last one answered
	Status      int      // HTTP status; 200 for a file
	ContentType string
	Body        []byte
	// Err is why there is no answer at all: no such host, a certificate that is
	// not trusted, no answer in time.
	Err error
}

// Limits of a fetch.
const (
	maxBody      = 1 << 18 // what browsers read of related origins, and one byte to see more
	maxRedirects = 5
	fetchTimeout = 10 * time.Second
)

// FetchOptions say how documents are fetched.
type FetchOptions struct {
	// Base replaces https://RP-ID, such as a staging host; "" for the real one.
	Base string
	// Resolve maps host:port to the address that is dialled in its place.
	Resolve map[string]string
	// Roots are the certificates that are trusted, nil for the system's.
	Roots *x509.CertPool
}

// Fetcher reads documents.
type Fetcher struct {
	base   string
	client *http.Client
}

// NewTransport dials as the options say, with time limits on the way to an
// answer. Base does not matter to it.
func NewTransport(o FetchOptions) *http.Transport {
	dialer := &net.Dialer{Timeout: fetchTimeout}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if to, ok := o.Resolve[addr]; ok {
				addr = to
			}
			return dialer.DialContext(ctx, network, addr)
		},
		TLSClientConfig:     &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: fetchTimeout,
		ForceAttemptHTTP2:   true,
	}
}

// NewFetcher makes a client without cookies, credentials or proxies' surprises:
// redirects are followed as browsers do, and each one is noted.
func NewFetcher(o FetchOptions) *Fetcher {
	return &Fetcher{base: o.Base, client: &http.Client{
		Transport:     NewTransport(o),
		Timeout:       fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close lets go of idle connections.
func (f *Fetcher) Close() { f.client.CloseIdleConnections() }

// Fetch reads a document from the host of rp.id. It never fails: what went
// wrong is part of the answer.
func (f *Fetcher) Fetch(ctx context.Context, rpID string, name Name) *Fetched {
	base := f.base
	if base == "" {
		base = "https://" + rpID
	}
	return f.Page(ctx, base+name.Path())
}

// Page reads any page the same way.
func (f *Fetcher) Page(ctx context.Context, where string) *Fetched {
	out := &Fetched{URL: where}
	for range maxRedirects + 1 {
		next, err := f.once(ctx, where, out)
		if err != nil {
			out.Err = plain(err)
			return out
		}
		if next == "" {
			return out
		}
		out.Redirects = append(out.Redirects, next)
		if u, err := url.Parse(next); err != nil || u.Scheme != "https" {
			return out // browsers stop here too
		}
		where = next
	}
	out.Err = fmt.Errorf("more than %d redirects", maxRedirects)
	return out
}

// once makes one request and answers where it was sent on to, "" when this was
// the answer.
func (f *Fetcher) once(ctx context.Context, where string, out *Fetched) (next string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, http.NoBody)
	if err != nil {
		return "", err
	}
	req.Header.Set("User-Agent", "oly-passkey")
	resp, err := f.client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	out.Status, out.ContentType = resp.StatusCode, resp.Header.Get("Content-Type")
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
		u, err := resp.Request.URL.Parse(to)
		if err != nil {
			return "", fmt.Errorf("redirect to %q, which is no URL", redact.URL(to))
		}
		return u.String(), nil
	}
	out.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	return "", err
}

// plain drops the method and URL that url.Error repeats.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// ReadFile reads a document from the folder that a web server serves.
func ReadFile(dir string, name Name) *Fetched {
	path := filepath.Join(dir, ".well-known", string(name))
	out := &Fetched{URL: path, Status: http.StatusOK, ContentType: "application/json"}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		out.Status = http.StatusNotFound
		return out
	case err != nil:
		out.Err = err
		return out
	}
	defer func() { _ = f.Close() }()
	out.Body, out.Err = io.ReadAll(io.LimitReader(f, maxBody+1))
	return out
}
