package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

// Limits of one request.
const (
	maxBody        = 1 << 20
	maxHops        = 10
	requestTimeout = 10 * time.Second
)

// client sends requests like a browser, but each call starts without cookies.
type client struct{ transport http.RoundTripper }

func newClient(o Options) *client {
	return &client{transport: wellknown.NewTransport(wellknown.FetchOptions{Resolve: o.Resolve, Roots: o.Roots})}
}

func (c *client) close() { (&http.Client{Transport: c.transport}).CloseIdleConnections() }

// through returns a client with another transport, or c if transport is nil.
func (c *client) through(transport http.RoundTripper) *client {
	if transport == nil {
		return c
	}
	return &client{transport}
}

// answer is the last response to a request, after all redirects.
type answer struct {
	url     *url.URL // of the last request
	hops    []*url.URL
	status  int
	header  http.Header
	cookies []*http.Cookie // of the last response
	body    []byte
	tls     *tls.ConnectionState // of the last response, nil over http
}

// get follows redirects and keeps cookies on the way, as a browser does.
func (c *client) get(ctx context.Context, where string, header http.Header) (*answer, error) {
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		return nil, err
	}
	var hops []*url.URL
	follow := func(next *http.Request, via []*http.Request) error {
		if len(via) > maxHops {
			return fmt.Errorf("more than %d redirects", maxHops)
		}
		hops = append(hops, next.URL)
		return nil
	}
	a, err := c.do(ctx, &http.Client{Transport: c.transport, Timeout: requestTimeout, Jar: trusting{jar}, CheckRedirect: follow}, http.MethodGet, where, header)
	if a != nil {
		a.hops = hops
	}
	return a, err
}

// once sends one request and does not follow redirects.
func (c *client) once(ctx context.Context, method, where string, header http.Header) (*answer, error) {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c.do(ctx, &http.Client{Transport: c.transport, Timeout: requestTimeout, CheckRedirect: stay}, method, where, header)
}

func (c *client) do(ctx context.Context, hc *http.Client, method, where string, header http.Header) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, where, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "oly-passkey")
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := hc.Do(req)
	if err != nil {
		return nil, plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{url: resp.Request.URL, status: resp.StatusCode, header: resp.Header, cookies: resp.Cookies(), tls: resp.TLS}
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1)); err != nil {
		return nil, plain(err)
	}
	if len(a.body) > maxBody {
		return nil, fmt.Errorf("the response is larger than %d bytes", maxBody)
	}
	return a, nil
}

// plain removes the method and the URL that url.Error adds.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// trusting is a cookie jar that keeps Secure cookies of http://localhost, as
// browsers do.
type trusting struct{ http.CookieJar }

func (t trusting) SetCookies(u *url.URL, cookies []*http.Cookie) {
	t.CookieJar.SetCookies(asBrowsers(u), cookies)
}

func (t trusting) Cookies(u *url.URL) []*http.Cookie { return t.CookieJar.Cookies(asBrowsers(u)) }

func asBrowsers(u *url.URL) *url.URL {
	if u.Hostname() != "localhost" {
		return u
	}
	secure := *u
	secure.Scheme = "https"
	return &secure
}
