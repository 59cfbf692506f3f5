// Package kratosadmin reads identities from Kratos' admin API: one of them, or
// all of them page by page. It never writes.
package kratosadmin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// ErrNotFound says that Kratos has no such identity.
var ErrNotFound = errors.New("Kratos has no such identity")

// ErrUnreadable says that Kratos has an identity that this client cannot read;
// asking again does not help until the identity changes.
var ErrUnreadable = errors.New("Kratos has the identity, but it cannot be read")

// Options say how the admin API is reached.
type Options struct {
	URL string // such as http://127.0.0.1:4434, without /admin
	// Tries is how often one request is made before its error counts; 3 where
	// it is 0.
	Tries uint
	// Timeout bounds one try of one identity, 10 s where it is 0; a page has six
	// times that.
	Timeout time.Duration
	// PageSize is how many identities a page may have, 1000 where it is 0. Kratos
	// from v26 on gives 500 at most, whatever is asked for.
	PageSize int
	// Transport carries the requests, DefaultTransport where it is nil.
	Transport http.RoundTripper
}

// Client reads identities.
type Client struct {
	base     *url.URL
	http     *http.Client
	large    chan struct{} // holds one: who reads a large identity
	tries    uint
	timeout  time.Duration
	pageSize int
}

// Limits on what one answer may weigh, in bytes: more is an error, never memory.
const (
	maxIdentity = 4 << 20  // of an identity on the list, and of the first try to read it alone
	maxLarge    = 64 << 20 // of an identity that is read alone
	maxPage     = 256 << 20
)

// longTimes is how much longer than one identity a page or a large identity may
// take.
const longTimes = 6

// New checks the options; it does not call Kratos.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("invalid Kratos admin URL %q: want something like %q", safetext.URL(o.URL), "http://127.0.0.1:4434")
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("invalid Kratos admin URL %q: only scheme, host, port and path are allowed", base.Redacted())
	}
	base.Path = strings.TrimRight(base.Path, "/")
	transport := o.Transport
	if transport == nil {
		transport = DefaultTransport()
	}
	client := &http.Client{
		Transport: transport,
		// A redirect leads from the admin API to somewhere else; what is sent
		// there is not meant for it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{
		base:     base,
		http:     client,
		large:    make(chan struct{}, 1),
		tries:    cmp.Or(o.Tries, 3),
		timeout:  cmp.Or(o.Timeout, 10*time.Second),
		pageSize: cmp.Or(o.PageSize, 1000),
	}, nil
}

// DefaultTransport is a transport that keeps enough connections to one Kratos.
func DefaultTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented to be one
	t.MaxIdleConnsPerHost = 16
	return t
}

const userAgent = "oly-passkey"

// Identity reads one identity with its passkey and webauthn credentials. The
// error is ErrNotFound only if two answers say so: 404 in Kratos' own words, and
// a list of this id alone that is empty. It is ErrUnreadable if Kratos has the
// identity and it is too large or does not decode, and a *StatusError for any
// other status.
func (c *Client) Identity(ctx context.Context, id uuid.UUID) (*Identity, error) {
	i, err := c.identity(ctx, id, maxIdentity, c.timeout)
	if errors.Is(err, errTooLarge) {
		i, err = c.largeIdentity(ctx, id)
	}
	var status *StatusError
	if errors.As(err, &status) && status.noSuchResource {
		return nil, c.confirmGone(ctx, id)
	}
	return i, err
}

func (c *Client) identity(ctx context.Context, id uuid.UUID, limit int64, timeout time.Duration) (*Identity, error) {
	return httpx.Retry(ctx, c.tries, firstWait, func() (found *Identity, err error) {
		query := url.Values{"include_credential": {"passkey", "webauthn"}}
		err = c.get(ctx, timeout, []string{id.String()}, query, func(_ http.Header, body io.Reader) error {
			found, err = decodeIdentity(httpx.Bounded(body, limit, errTooLarge))
			return err
		})
		var odd *json.SemanticError
		switch {
		case errors.As(err, &odd):
			return nil, backoff.Permanent(fmt.Errorf("%w: identity %s has a value at %q that does not decode", ErrUnreadable, id, odd.JSONPointer))
		case errors.Is(err, errTooLarge):
			return nil, backoff.Permanent(err)
		case err != nil:
			return nil, err
		case found.ID != id:
			return nil, backoff.Permanent(fmt.Errorf("Kratos returned identity %s instead of %s", found.ID, id))
		}
		return found, nil
	})
}

// largeIdentity reads an identity that is larger than any should be: what users
// write into their own is not bounded by Kratos. One is read at a time.
func (c *Client) largeIdentity(ctx context.Context, id uuid.UUID) (*Identity, error) {
	select {
	case c.large <- struct{}{}:
		defer func() { <-c.large }()
	case <-ctx.Done():
		return nil, c.at(ctx.Err())
	}
	i, err := c.identity(ctx, id, maxLarge, longTimes*c.timeout)
	if errors.Is(err, errTooLarge) {
		return nil, fmt.Errorf("%w: identity %s has more than %d MiB", ErrUnreadable, id, maxLarge>>20)
	}
	return i, err
}

// confirmGone asks the list for an identity that was answered 404, and returns
// ErrNotFound if the list has nothing under its id. A gateway without a route to
// single identities, or any other server in Ory's format, can answer such a 404
// for an identity that exists.
func (c *Client) confirmGone(ctx context.Context, id uuid.UUID) error {
	listed, err := httpx.Retry(ctx, c.tries, firstWait, func() (listed bool, err error) {
		query := url.Values{"ids": {id.String()}}
		err = c.get(ctx, c.timeout, nil, query, func(_ http.Header, body io.Reader) error {
			all, unread, err := decodePage(httpx.Bounded(body, maxLarge, errTooLarge))
			listed = len(all)+len(unread) > 0
			return err
		})
		if errors.Is(err, errTooLarge) {
			return true, nil // there is something
		}
		return listed, err
	})
	switch {
	case err != nil:
		return fmt.Errorf("Kratos returned 404 for identity %s, and listing it to confirm that failed: %w", id, err)
	case listed:
		return fmt.Errorf("Kratos returned 404 for identity %s, but a list restricted to its ID is not empty: does a gateway block part of the admin API?", id)
	}
	return ErrNotFound
}

// get asks for something below /admin/identities, and hands the body on if the
// status is 200.
func (c *Client) get(ctx context.Context, timeout time.Duration, below []string, query url.Values, read func(header http.Header, body io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	u := c.base.JoinPath(append([]string{"admin", "identities"}, below...)...)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	resp, err := c.http.Do(req)
	if err != nil {
		return c.at(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := c.checkStatus(resp); err != nil {
		return err
	}
	if err := read(resp.Header, resp.Body); err != nil {
		return c.at(err)
	}
	return nil
}
