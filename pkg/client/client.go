// Package client is a client for the sidecar's API: it resolves user handles to
// identities, and returns information about a user's passkeys.
//
// Resolving is not authentication. The user handle of an assertion is not
// signed (WebAuthn §6.3.3): an answer only identifies a user together with
// CredentialMatches true and a verified signature.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/httpx"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// Options are the options of a Client. URL is required.
type Options struct {
	URL       string // such as http://127.0.0.1:4477
	Key       string // scope resolve, or read for queries about an identity; "" if the sidecar needs no key
	Tries     uint   // per request, default 3; retries after a network error, 429, 502 or 503
	Transport http.RoundTripper
}

// Client is a client of one sidecar. It is safe for concurrent use.
type Client struct {
	base  *url.URL
	key   string
	tries uint
	http  *http.Client
}

// tryTimeout limits one attempt.
const tryTimeout = 20 * time.Second

// New returns a Client. It checks the options, but does not call the sidecar.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("invalid sidecar URL %q: want something like %q", safetext.URL(o.URL), api.DefaultURL)
	}
	if o.Tries == 0 {
		o.Tries = 3
	}
	return &Client{base: base, key: o.Key, tries: o.Tries, http: &http.Client{
		Transport:     o.Transport,
		Timeout:       tryTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Query is the body of POST /v1/resolve.
type Query struct {
	UserHandle   string `json:"user_handle"`             // in any form: base64url, base64, hex, uuid, raw
	CredentialID string `json:"credential_id,omitempty"` // base64url or base64
	AllowRemoved bool   `json:"allow_removed,omitempty"` // answer removed handles instead of ErrRemoved
	Confirm      bool   `json:"confirm,omitempty"`       // let the sidecar ask Kratos first
}

// Answer is the identity of a user handle.
type Answer = api.Answer

// The errors of the API. They are returned as a *ProblemError that matches them
// with errors.Is.
var (
	ErrInvalid   = errors.New("invalid user handle")                       // 400
	ErrKey       = errors.New("the sidecar rejected the API key")          // 401, 403
	ErrUnknown   = errors.New("unknown user handle")                       // 404, also for an unknown identity
	ErrAmbiguous = errors.New("ambiguous user handle")                     // 409
	ErrRemoved   = errors.New("the user handle's credential was removed")  // 410
	ErrNotReady  = errors.New("the sidecar is not ready, try again later") // 503
)

// ProblemError is an RFC 9457 problem from the sidecar.
type ProblemError struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`

	RetryAfter time.Duration `json:"-"` // 0 if the sidecar sent none
}

func (p *ProblemError) Error() string {
	text := p.Title
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return fmt.Sprintf("the sidecar responded with %d: %s", p.Status, text)
}

// name returns the problem's id in docs/problems.md, "" if it is not the sidecar's.
func (p *ProblemError) name() string {
	name, ours := strings.CutPrefix(p.Type, api.ProblemBase)
	if !ours {
		return ""
	}
	return name
}

// Is reports whether the problem is one of the package's errors.
func (p *ProblemError) Is(target error) bool {
	switch p.name() {
	case api.ProblemBadRequest, api.ProblemInvalidHandle:
		return target == ErrInvalid
	case api.ProblemUnauthorized, api.ProblemForbidden:
		return target == ErrKey
	case api.ProblemUnknownHandle, api.ProblemUnknownIdentity:
		return target == ErrUnknown
	case api.ProblemAmbiguousHandle:
		return target == ErrAmbiguous
	case api.ProblemRemovedHandle:
		return target == ErrRemoved
	case api.ProblemIndexBuilding, api.ProblemKratosUnavailable, api.ProblemRequestTimeout:
		return target == ErrNotReady
	}
	return false
}

// Unwrap returns the sidecar's Retry-After for the retries.
func (p *ProblemError) Unwrap() error {
	if p.RetryAfter == 0 {
		return nil
	}
	return &backoff.RetryAfterError{Duration: p.RetryAfter}
}

// Resolve returns the identity of a user handle.
func (c *Client) Resolve(ctx context.Context, q Query) (*Answer, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	return httpx.Retry(ctx, c.tries, firstWait, func() (*Answer, error) {
		var a Answer
		err := c.do(ctx, http.MethodPost, c.base.JoinPath("v1", "resolve"), body, &a)
		if err == nil && a.IdentityID == "" {
			err = backoff.Permanent(c.notTheSidecar("no identity"))
		}
		return &a, err
	})
}

// firstWait is the first wait between two tries.
const firstWait = 100 * time.Millisecond

// maxAnswer limits the size of a response, in bytes. The signals of a user with many
// keys list each key for each user handle.
const maxAnswer = 4 << 20

// do makes one attempt and decodes the response.
func (c *Client) do(ctx context.Context, method string, to *url.URL, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("sidecar: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("sidecar: %w", err)
	}
	if len(raw) > maxAnswer {
		return backoff.Permanent(fmt.Errorf("%s: the response is larger than %d bytes", c.base, maxAnswer))
	}
	if resp.StatusCode != http.StatusOK {
		return problemOf(resp, raw)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return backoff.Permanent(c.notTheSidecar("not with JSON"))
	}
	return nil
}

// notTheSidecar returns the error of a response that lacks what it must have.
func (c *Client) notTheSidecar(what string) error {
	return fmt.Errorf("%s responded with 200 but %s: is this the sidecar?", c.base, what)
}

// problemOf returns the error of a response. If it is not a problem of the sidecar,
// or reports an unknown path, it says nothing about the handle: the URL belongs to
// another server, or is a path below the sidecar's.
func problemOf(resp *http.Response, raw []byte) error {
	var p ProblemError
	err := json.Unmarshal(raw, &p)
	switch name := p.name(); {
	case err != nil, p.Status != resp.StatusCode, name == "", name == "not-found", name == "method-not-allowed":
		err := fmt.Errorf("%s://%s is not an oly-passkey sidecar (%s)", resp.Request.URL.Scheme, resp.Request.URL.Host, resp.Status)
		if resp.StatusCode >= http.StatusInternalServerError {
			return err
		}
		return backoff.Permanent(err)
	}
	p.RetryAfter = httpx.RetryAfter(resp.Header, "Retry-After")
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable:
		return &p
	}
	return backoff.Permanent(&p)
}
