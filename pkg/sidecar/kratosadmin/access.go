package kratosadmin

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"golang.org/x/time/rate"
)

// Access contains the options for a protected admin API: behind a gateway that
// requires a token or headers, behind TLS, on a unix socket, or with a rate limit.
// Empty fields are not used.
type Access struct {
	TokenFile  string  // sent as Authorization: Bearer; read for every request, so it can be rotated
	HeaderFile string  // one "Name: value" per line; read for every request
	CAFile     string  // CAs of Kratos' certificate, PEM, instead of the system's
	CertFile   string  // client certificate, PEM
	KeyFile    string  // its key, PEM
	Socket     string  // path of a unix socket; only the path of the URL is used then
	MaxRPS     float64 // requests per second, 0 for no limit
}

// Transport returns a transport with these options. It reads the files once, so that a
// missing one is an error at startup.
func (a Access) Transport() (http.RoundTripper, error) {
	t := DefaultTransport()
	config, err := a.tlsConfig()
	if err != nil {
		return nil, err
	}
	t.TLSClientConfig = config
	if a.Socket != "" {
		t.Proxy = nil
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", a.Socket)
		}
	}
	if _, err := a.headers(); err != nil {
		return nil, err
	}
	turns := rate.NewLimiter(rate.Inf, 1)
	if a.MaxRPS > 0 {
		turns.SetLimit(rate.Limit(a.MaxRPS))
	}
	return &accessTransport{access: a, turns: turns, next: t}, nil
}

func (a Access) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.CAFile != "" {
		pem, err := os.ReadFile(a.CAFile)
		if err != nil {
			return nil, fmt.Errorf("kratos CA file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("kratos CA file %q contains no certificate", a.CAFile)
		}
	}
	if (a.CertFile == "") != (a.KeyFile == "") {
		return nil, errors.New("a client certificate for Kratos needs both --kratos-client-cert-file and --kratos-client-key-file")
	}
	if a.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(a.CertFile, a.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("kratos client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

// headers returns the headers to send with every request. Errors contain file and
// line, never a value.
func (a Access) headers() (http.Header, error) {
	h := http.Header{}
	if a.HeaderFile != "" {
		raw, err := os.ReadFile(a.HeaderFile)
		if err != nil {
			return nil, fmt.Errorf("kratos header file: %w", err)
		}
		lines := bufio.NewScanner(bytes.NewReader(raw))
		for n := 1; lines.Scan(); n++ {
			line := strings.TrimSpace(lines.Text())
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			name, value, ok := strings.Cut(line, ":")
			value = strings.TrimSpace(value)
			switch {
			case !ok || name == "" || strings.ContainsFunc(name, inNoName):
				return nil, fmt.Errorf("%s:%d: expected %q", a.HeaderFile, n, "Name: value")
			case strings.ContainsFunc(value, inNoValue):
				return nil, fmt.Errorf("%s:%d: the value contains a character that is not allowed in an HTTP header", a.HeaderFile, n)
			}
			h.Add(name, value)
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("kratos header file %q: %w", a.HeaderFile, err)
		}
	}
	if a.TokenFile != "" {
		raw, err := os.ReadFile(a.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("kratos token file: %w", err)
		}
		token := strings.TrimSpace(string(raw))
		if token == "" {
			return nil, fmt.Errorf("kratos token file %q is empty", a.TokenFile)
		}
		if strings.ContainsFunc(token, inNoValue) {
			return nil, fmt.Errorf("kratos token file %q contains more than one line, or a character that is not allowed in an HTTP header", a.TokenFile)
		}
		h.Set("Authorization", "Bearer "+token)
	}
	return h, nil
}

// inNoName reports whether a character is not allowed in a header name.
func inNoName(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// inNoValue reports whether a character is not allowed in a header value.
func inNoValue(r rune) bool { return r < ' ' && r != '\t' || r == '\x7f' }

// accessTransport adds the headers and enforces the rate limit.
type accessTransport struct {
	access Access
	turns  *rate.Limiter
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *accessTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	headers, err := t.access.headers()
	if err != nil {
		return nil, err
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	// A request whose turn would come too late takes none from the others.
	if err := t.turns.Wait(req.Context()); err != nil {
		return nil, fmt.Errorf("rate limit queue is full: %w", err)
	}
	req = req.Clone(req.Context()) // a transport must not change its request
	for name, values := range headers {
		req.Header[name] = values
	}
	return t.next.RoundTrip(req)
}
