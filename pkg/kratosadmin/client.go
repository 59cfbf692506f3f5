// Package kratosadmin reads identities from Kratos' admin API: one of them, or
// all of them page by page. It never writes.
package kratosadmin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"
	kratos "github.com/ory/kratos-client-go"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

// ErrNotFound says that Kratos has no such identity.
var ErrNotFound = errors.New("kratos has no such identity")

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
	api      *kratos.APIClient
	tries    uint
	timeout  time.Duration
	pageSize int
}

// Limits on what one answer may weigh, in bytes: more is an error, never memory.
const (
	maxIdentity = 4 << 20
	maxPage     = 256 << 20
)

// New checks the options; it does not call Kratos.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("kratos admin url %q is no http or https url, want one such as %q", o.URL, "http://127.0.0.1:4434")
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("kratos admin url %q may have scheme, host, port and path only", base.Redacted())
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
	// The generated client reads whole bodies: bound them on their way.
	bounded := *client
	bounded.Transport = httpx.BoundedTransport{Next: transport, Limit: maxIdentity, TooLarge: errTooLarge}
	config := kratos.NewConfiguration()
	config.Servers = kratos.ServerConfigurations{{URL: base.String()}}
	config.HTTPClient = &bounded
	config.UserAgent = userAgent
	return &Client{
		base:     base,
		http:     client,
		api:      kratos.NewAPIClient(config),
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
// error is ErrNotFound where Kratos answers that there is none, and a
// *StatusError where it answers anything else but the identity.
func (c *Client) Identity(ctx context.Context, id uuid.UUID) (*Identity, error) {
	return httpx.Retry(ctx, c.tries, firstWait, func() (*Identity, error) {
		ctx, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		return c.identity(ctx, id)
	})
}

func (c *Client) identity(ctx context.Context, id uuid.UUID) (*Identity, error) {
	answer, resp, err := c.api.IdentityAPI.GetIdentity(ctx, id.String()).
		IncludeCredential([]string{"passkey", "webauthn"}).Execute()
	if resp != nil {
		_ = resp.Body.Close() // the generated client has put the bytes it read in its place
		if isNotFound(err) {
			return nil, backoff.Permanent(ErrNotFound)
		}
		if err := c.checkStatus(resp); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, c.at(err)
	}
	found, err := fromModel(answer)
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	if found.ID != id {
		return nil, backoff.Permanent(fmt.Errorf("kratos answered identity %s when asked for %s", found.ID, id))
	}
	return found, nil
}

// isNotFound tells Kratos' own 404 from that of a proxy or of another server,
// which must never count as a deleted identity.
func isNotFound(err error) bool {
	var answer *kratos.GenericOpenAPIError
	if !errors.As(err, &answer) {
		return false
	}
	generic, ok := answer.Model().(kratos.ErrorGeneric)
	return ok && generic.Error.GetCode() == http.StatusNotFound
}

// fromModel takes what is needed out of the generated client's model, whose
// configuration is untyped.
func fromModel(m *kratos.Identity) (*Identity, error) {
	w := wireIdentity{ID: m.Id, CreatedAt: m.GetCreatedAt()}
	for name, dst := range map[string]**Credentials{"passkey": &w.Credentials.Passkey, "webauthn": &w.Credentials.WebAuthn} {
		c, ok := m.GetCredentials()[name]
		if !ok {
			continue
		}
		*dst = &Credentials{Identifiers: c.Identifiers}
		if c.Config == nil {
			continue
		}
		raw, err := json.Marshal(c.Config)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &(*dst).Config); err != nil {
			return nil, fmt.Errorf("%s credentials of identity %s: %w", name, m.Id, err)
		}
	}
	i, err := w.identity()
	if err != nil {
		return nil, err
	}
	for _, a := range m.VerifiableAddresses {
		if at := a.GetVerifiedAt(); a.Verified && !at.IsZero() && (i.ProvedAt.IsZero() || at.Before(i.ProvedAt)) {
			i.ProvedAt = at
		}
	}
	return i, nil
}
