// Package orynetwork reads the identity configuration of an Ory Network project
// and says how to change it: where a setting stands in the Ory Console, and what
// the Ory CLI is to be told. It never writes.
package orynetwork

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"
	ory "github.com/ory/client-go"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

// Options say how the Ory Network is reached.
type Options struct {
	// Token is an API key of the project or of its workspace.
	Token string
	// URL is where projects are asked for, client-go's own where it is "". It has
	// to be https, or http on a loopback address.
	URL string
	// Timeout bounds one try, 15 s where it is 0.
	Timeout time.Duration
	// Tries is how often one request is made before its error counts; 3 where it
	// is 0.
	Tries uint
	// Transport carries the requests, http.DefaultTransport where it is nil.
	Transport http.RoundTripper
}

// Client reads projects.
type Client struct {
	api     *ory.APIClient
	timeout time.Duration
	tries   uint
}

// Project is what an Ory Network project says of its Kratos.
type Project struct {
	ID       string
	Slug     string // its pages and APIs are at https://SLUG.projects.oryapis.com
	Revision string // of the configuration
	Config   map[string]any
}

// maxAnswer bounds the body of an answer, in bytes. A project with all of its
// services has some hundred kilobytes.
const maxAnswer = 16 << 20

// New checks the options; it does not call the Ory Network.
func New(o Options) (*Client, error) {
	if o.Token == "" {
		return nil, errors.New("the ory network wants an api key of the project or of its workspace")
	}
	config := ory.NewConfiguration()
	if o.URL != "" {
		if err := checkURL(o.URL); err != nil {
			return nil, err
		}
		config.Servers = ory.ServerConfigurations{{URL: o.URL}}
		config.OperationServers = nil
	}
	next := o.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	config.UserAgent = "oly-passkey"
	config.AddDefaultHeader("Authorization", "Bearer "+o.Token)
	config.HTTPClient = &http.Client{
		Transport: httpx.BoundedTransport{Next: next, Limit: maxAnswer, TooLarge: fmt.Errorf("it has more than %d MiB", maxAnswer>>20)},
		// What is sent is meant for this host alone, the token first of all.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c := &Client{api: ory.NewAPIClient(config), timeout: o.Timeout, tries: o.Tries}
	if c.timeout == 0 {
		c.timeout = 15 * time.Second
	}
	if c.tries == 0 {
		c.tries = 3
	}
	return c, nil
}

func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("ory network url %q is no url with scheme, host, port and path only", raw)
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return fmt.Errorf("ory network url %q is not https, and a token is sent there", raw)
	}
	return nil
}

// Project reads a project by its id.
func (c *Client) Project(ctx context.Context, id uuid.UUID) (*Project, error) {
	p, err := httpx.Retry(ctx, c.tries, backoff.DefaultInitialInterval, func() (*Project, error) { return c.project(ctx, id) })
	if err != nil {
		return nil, fmt.Errorf("ory network project %s: %w", id, err)
	}
	return p, nil
}

func (c *Client) project(ctx context.Context, id uuid.UUID) (*Project, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, resp, err := c.api.ProjectAPI.GetProject(ctx, id.String()).Execute()
	if resp != nil {
		_ = resp.Body.Close() // the generated client has put the bytes it read in its place
		if resp.StatusCode != http.StatusOK {
			return nil, statusError(resp)
		}
	}
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			return nil, u.Err
		}
		return nil, fmt.Errorf("the answer cannot be read: %w", err)
	}
	if answer.Id != id.String() {
		return nil, backoff.Permanent(fmt.Errorf("the answer is project %q", answer.Id))
	}
	identity := answer.Services.Identity
	if identity == nil || len(identity.Config) == 0 {
		return nil, backoff.Permanent(errors.New("it has no identity configuration"))
	}
	return &Project{ID: answer.Id, Slug: answer.Slug, Revision: answer.RevisionId, Config: identity.Config}, nil
}

// statusError turns an answer into the error that it is; those that another try
// cannot fix are permanent. The body is not repeated. How long to wait is in
// https://www.ory.sh/docs/guides/rate-limits.
func statusError(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return backoff.Permanent(errors.New("the api key is not accepted (401); has it been revoked?"))
	case http.StatusForbidden:
		return backoff.Permanent(errors.New("the api key may not read it (403); take one of this project or of its workspace"))
	case http.StatusNotFound:
		return backoff.Permanent(errors.New("there is none with this id that the api key may read (404); ory list projects shows the ids"))
	}
	if to := resp.Header.Get("Location"); to != "" {
		return backoff.Permanent(fmt.Errorf("the answer is %d, a redirect to %q, which is not followed", resp.StatusCode, to))
	}
	err := fmt.Errorf("the answer is %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode < http.StatusInternalServerError {
		return backoff.Permanent(err)
	}
	if wait := httpx.RetryAfter(resp.Header, "Retry-After", "X-Ratelimit-Reset"); wait > 0 {
		return fmt.Errorf("%w (%w)", err, &backoff.RetryAfterError{Duration: wait})
	}
	return err
}
