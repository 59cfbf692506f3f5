// Package kratosadmin reads identities from Kratos' admin API, individually or page
// by page. It never writes.
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

// ErrNotFound is returned if Kratos has no such identity.
var ErrNotFound = errors.New("kratos has no such identity")

// ErrUnreadable is returned if Kratos has an identity that this client cannot read. A
// retry does not help until the identity changes.
var ErrUnreadable = errors.New("kratos has the identity, but it cannot be read")

// Options are the options of a Client. URL is required.
type Options struct {
	URL string // such as http://127.0.0.1:4434, without /admin
	// Tries is the maximum number of attempts per request; default 3.
	Tries uint
	// Timeout limits an attempt to read an identity; default 10 s. Pages may take six
	// times as long.
	Timeout time.Duration
	// PageSize is the maximum number of identities per page; default 1000. Kratos v26 and
	// later return at most 500.
	PageSize int
	// Transport is the transport for requests; default DefaultTransport.
	Transport http.RoundTripper
}

// Client reads identities.
type Client struct {
	base     *url.URL
	http     *http.Client
	large    chan struct{} // semaphore: one large identity at a time
	tries    uint
	timeout  time.Duration
	pageSize int
}

// Limits of response sizes, in bytes. Larger responses are errors, and are not read
// into memory.
const (
	maxIdentity = 4 << 20  // of an identity in a list, and of the first attempt to read it individually
	maxLarge    = 64 << 20 // of an identity that is read individually
	maxPage     = 256 << 20
)

// longTimes is the factor by which the timeout of pages and large identities is
// longer.
const longTimes = 6

// New returns a Client. It checks the options, but does not call Kratos.
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
		// The admin API does not redirect. Credentials must not be sent to another server.
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

// DefaultTransport returns a transport that keeps enough idle connections to Kratos.
func DefaultTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented to be one
	t.MaxIdleConnsPerHost = 16
	return t
}

const userAgent = "oly-passkey"

// Identity reads an identity with its passkey and webauthn credentials. It returns
// ErrNotFound only after two consistent responses: a 404 with Kratos' own message, and
// an empty list for this ID. It returns ErrUnreadable if the identity is too large or
// cannot be decoded, and a *StatusError for any other status.
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
			return nil, backoff.Permanent(fmt.Errorf("kratos returned identity %s instead of %s", found.ID, id))
		}
		return found, nil
	})
}

// largeIdentity reads an unusually large identity: Kratos does not limit the size of
// traits. Only one is read at a time.
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

// confirmGone lists an identity for which Kratos returned 404, and returns ErrNotFound
// if the list is empty, too. A gateway without a route to single identities, or
// another Ory server, may return such a 404 for an identity that exists.
func (c *Client) confirmGone(ctx context.Context, id uuid.UUID) error {
	listed, err := httpx.Retry(ctx, c.tries, firstWait, func() (listed bool, err error) {
		query := url.Values{"ids": {id.String()}}
		err = c.get(ctx, c.timeout, nil, query, func(_ http.Header, body io.Reader) error {
			all, unread, err := decodePage(httpx.Bounded(body, maxLarge, errTooLarge))
			listed = len(all)+len(unread) > 0
			return err
		})
		if errors.Is(err, errTooLarge) {
			return true, nil // the list is not empty
		}
		return listed, err
	})
	switch {
	case err != nil:
		return fmt.Errorf("kratos returned 404 for identity %s, and listing it to confirm that failed: %w", id, err)
	case listed:
		return fmt.Errorf("kratos returned 404 for identity %s, but a list restricted to its ID is not empty: does a gateway block part of the admin API?", id)
	}
	return ErrNotFound
}

// get requests a path below /admin/identities, and calls a function with the body if
// the status is 200.
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
