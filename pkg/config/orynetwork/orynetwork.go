// Package orynetwork reads the identity configuration of an Ory Network project
// and returns how to change it: the page of the Ory Console and the command of the Ory
// CLI. It never writes.
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
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// Options are the options of a Client.
type Options struct {
	// Token is an API key of the project or of its workspace.
	Token string
	// URL is the URL of the API, "" for client-go's default. It must be https, or http
	// on a loopback address.
	URL string
	// Timeout limits one attempt; 0 means 15 s.
	Timeout time.Duration
	// Tries is the maximum number of attempts; 0 means 3.
	Tries uint
	// Transport is used for requests; nil means http.DefaultTransport.
	Transport http.RoundTripper
}

// Client reads projects.
type Client struct {
	api     *ory.APIClient
	timeout time.Duration
	tries   uint
}

// Project is the Kratos configuration of an Ory Network project.
type Project struct {
	ID       string
	Slug     string // its pages and APIs are at https://SLUG.projects.oryapis.com
	Revision string // of the configuration
	Config   map[string]any
}

// maxAnswer limits the body of a response, in bytes. A project with all of its
// services has a few hundred kilobytes.
const maxAnswer = 16 << 20

// New returns a Client. It checks the options, but does not call the Ory Network.
func New(o Options) (*Client, error) {
	if o.Token == "" {
		return nil, errors.New("the Ory Network needs an API key of the project or its workspace")
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
		Transport: httpx.BoundedTransport{Next: next, Limit: maxAnswer, TooLarge: fmt.Errorf("it is larger than %d MiB", maxAnswer>>20)},
		// Do not send the token to other hosts.
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
		return fmt.Errorf("invalid Ory Network URL %q: use only scheme, host, port and path", safetext.URL(raw))
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return fmt.Errorf("invalid Ory Network URL %q: a token is sent there, so use https", safetext.URL(raw))
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
		return nil, fmt.Errorf("cannot read the response: %w", err)
	}
	if answer.Id != id.String() {
		return nil, backoff.Permanent(fmt.Errorf("the response is project %q", answer.Id))
	}
	identity := answer.Services.Identity
	if identity == nil || len(identity.Config) == 0 {
		return nil, backoff.Permanent(errors.New("it has no identity configuration"))
	}
	return &Project{ID: answer.Id, Slug: answer.Slug, Revision: answer.RevisionId, Config: identity.Config}, nil
}

// statusError returns the error of a response, permanent if another attempt cannot
// succeed. It does not contain the body. How long to wait is in
// https://www.ory.sh/docs/guides/rate-limits.
func statusError(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return backoff.Permanent(errors.New("the API key was rejected (401); it may have been revoked"))
	case http.StatusForbidden:
		return backoff.Permanent(errors.New("the API key has no access to it (403); use one of this project or its workspace"))
	case http.StatusNotFound:
		return backoff.Permanent(errors.New("not found, or not accessible with the API key (404); list the ids with: ory list projects"))
	}
	if to := resp.Header.Get("Location"); to != "" {
		return backoff.Permanent(fmt.Errorf("the response is %d, a redirect to %q, which is not followed", resp.StatusCode, to))
	}
	err := fmt.Errorf("the response is %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode < http.StatusInternalServerError {
		return backoff.Permanent(err)
	}
	if wait := httpx.RetryAfter(resp.Header, "Retry-After", "X-Ratelimit-Reset"); wait > 0 {
		return fmt.Errorf("%w (%w)", err, &backoff.RetryAfterError{Duration: wait})
	}
	return err
}
