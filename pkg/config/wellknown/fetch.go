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

	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// Fetched is the response to a request for a document, after redirects.
type Fetched struct {
	URL         string   // of the request, or the file's name
	Redirects   []string // targets of the redirects, in order
	Status      int      // HTTP status; 200 for a file
	ContentType string
	Body        []byte
	// Err is set if there was no response, as for an unknown host, an untrusted
	// certificate or a timeout.
	Err error
}

// Limits of a fetch.
const (
	maxBody      = 1 << 18 // the most that browsers read of related origins
	maxRedirects = 5
	fetchTimeout = 10 * time.Second
)

// FetchOptions are the options for fetching documents.
type FetchOptions struct {
	// Base replaces https://RP-ID, such as with a staging host, unless it is "".
	Base string
	// Resolve maps host:port to the address to dial instead.
	Resolve map[string]string
	// Roots are the trusted certificate authorities, nil for the system's.
	Roots *x509.CertPool
}

// Fetcher fetches documents.
type Fetcher struct {
	base   string
	client *http.Client
}

// NewTransport returns a transport with the options and with timeouts for dialing
// and the TLS handshake. It ignores Base.
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

// NewFetcher returns a Fetcher without cookies or credentials. It follows redirects
// as browsers do, and records them.
func NewFetcher(o FetchOptions) *Fetcher {
	return &Fetcher{base: o.Base, client: &http.Client{
		Transport:     NewTransport(o),
		Timeout:       fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close closes idle connections.
func (f *Fetcher) Close() { f.client.CloseIdleConnections() }

// Fetch reads a document from the host of rp.id. Errors are part of the result.
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

// once sends one request and returns the target of its redirect, "" if there is
// none.
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
			return "", fmt.Errorf("redirect to %q, which is not a URL", safetext.URL(to))
		}
		return u.String(), nil
	}
	out.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	return "", err
}

// plain removes the method and the URL that url.Error adds.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// ReadFile reads a document from the directory that a web server serves.
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
