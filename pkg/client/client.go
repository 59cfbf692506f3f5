// Package client asks a sidecar whose a user handle is, and what is known about
// somebody's passkeys.
//
// Resolving is not authentication. The user handle of an assertion is not
// signed (WebAuthn §6.3.3): an answer identifies somebody only together with
// CredentialMatches true and a signature that was verified.
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
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/olympusoss/oly-passkey/pkg/api"
)

// Options say where the sidecar is. URL is required.
type Options struct {
	URL       string // such as http://127.0.0.1:4477
	Key       string // of scope resolve, or read for what is known about an identity; "" where the sidecar asks for none
	Tries     uint   // 3 where it is 0: requests that get no answer, 429, 502 or 503 are made again
	Transport http.RoundTripper
}

// Client asks one sidecar. It may be used concurrently.
type Client struct {
	base  *url.URL
	key   string
	tries uint
	http  *http.Client
}

// tryTimeout bounds one try.
const tryTimeout = 20 * time.Second

// New checks the options; it does not call the sidecar.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("sidecar url %q is no http or https url, want one such as %q", o.URL, api.DefaultURL)
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

// Answer says whose a user handle is.
type Answer struct {
	IdentityID        string    `json:"identity_id"`
	Credential        string    `json:"credential"` // passkey, webauthn, or "" where nothing but the id is known
	State             string    `json:"state"`      // active, orphaned, removed or unknown
	CredentialMatches *bool     `json:"credential_matches"`
	Source            string    `json:"source"` // index, kratos or identity_id
	ConfirmedAt       time.Time `json:"confirmed_at"`
}

// The answers that name no identity. Every one comes as a *ProblemError, which
// errors.Is tells apart by its type.
var (
	ErrInvalid   = errors.New("user handle is none")                      // 400
	ErrKey       = errors.New("sidecar does not take the api key")        // 401, 403
	ErrUnknown   = errors.New("user handle is unknown")                   // 404, or the identity that was asked for is
	ErrAmbiguous = errors.New("user handle is ambiguous")                 // 409
	ErrRemoved   = errors.New("user handle's credential is gone")         // 410
	ErrNotReady  = errors.New("sidecar cannot tell yet, ask again later") // 503
)

// ProblemError is an RFC 9457 answer of the sidecar.
type ProblemError struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`

	RetryAfter time.Duration `json:"-"` // 0 where the sidecar did not say
}

func (p *ProblemError) Error() string {
	text := p.Title
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return fmt.Sprintf("sidecar answered %d: %s", p.Status, text)
}

// name is what docs/problems.md calls the problem, "" where it is not the sidecar's.
func (p *ProblemError) name() string {
	name, ours := strings.CutPrefix(p.Type, api.ProblemBase)
	if !ours {
		return ""
	}
	return name
}

// Is tells which of the package's errors the problem is.
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

// Unwrap tells the retries how long the sidecar wants them to wait.
func (p *ProblemError) Unwrap() error {
	if p.RetryAfter == 0 {
		return nil
	}
	return &backoff.RetryAfterError{Duration: p.RetryAfter}
}

// Resolve asks whose a user handle is.
func (c *Client) Resolve(ctx context.Context, q Query) (*Answer, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	return retry(ctx, c.tries, func() (*Answer, error) {
		var a Answer
		err := c.do(ctx, http.MethodPost, c.base.JoinPath("v1", "resolve"), body, &a)
		if err == nil && a.IdentityID == "" {
			err = backoff.Permanent(c.notTheSidecar())
		}
		return &a, err
	})
}

// retry makes a call again where that may help.
func retry[T any](ctx context.Context, tries uint, call func() (*T, error)) (*T, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 100 * time.Millisecond
	a, err := backoff.Retry(ctx, call, backoff.WithBackOff(wait), backoff.WithMaxTries(tries))
	var permanent *backoff.PermanentError
	if errors.As(err, &permanent) {
		err = permanent.Err
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// maxAnswer bounds an answer, in bytes. The signals of somebody with many keys
// name each of them for each user handle.
const maxAnswer = 4 << 20

// do makes one try and decodes its answer.
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
		return backoff.Permanent(fmt.Errorf("%s: answer is longer than %d bytes", c.base, maxAnswer))
	}
	if resp.StatusCode != http.StatusOK {
		return problemOf(resp, raw)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return backoff.Permanent(c.notTheSidecar())
	}
	return nil
}

func (c *Client) notTheSidecar() error {
	return fmt.Errorf("%s answered 200 without an identity: is this the sidecar?", c.base)
}

// longestWait bounds what the sidecar may let us wait for.
const longestWait = 30 * time.Second

// problemOf reads an error answer. One that is no problem of the sidecar's, or
// that says that there is no such path, says nothing about the handle: the url is
// another server's, or one below the sidecar's.
func problemOf(resp *http.Response, raw []byte) error {
	var p ProblemError
	err := json.Unmarshal(raw, &p)
	switch name := p.name(); {
	case err != nil, p.Status != resp.StatusCode, name == "", name == "not-found", name == "method-not-allowed":
		err := fmt.Errorf("%s answered %s, but not as the sidecar does", resp.Request.URL.Host, resp.Status)
		if resp.StatusCode >= http.StatusInternalServerError {
			return err
		}
		return backoff.Permanent(err)
	}
	if s, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		p.RetryAfter = time.Duration(min(s, uint64(longestWait/time.Second))) * time.Second
	}
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable:
		return &p
	}
	return backoff.Permanent(&p)
}
