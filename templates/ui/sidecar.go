package ui

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
)

// Sidecar is the Directory that oly-passkey serve provides over HTTP.
type Sidecar struct {
	url                 string
	resolveKey, readKey string
	client              *http.Client
}

// NewSidecar returns a Sidecar for a URL and two API keys, of the scopes resolve
// and read.
func NewSidecar(sidecarURL, resolveKey, readKey string) (*Sidecar, error) {
	u, err := url.Parse(sidecarURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("invalid sidecar url %q: use an http or https URL", sidecarURL)
	}
	return &Sidecar{
		url: strings.TrimRight(sidecarURL, "/"), resolveKey: resolveKey, readKey: readKey,
		client: &http.Client{Timeout: 5 * time.Second, CheckRedirect: noRedirect},
	}, nil
}

// Resolve returns the identity of a user handle. An unknown handle is not an
// error.
func (s *Sidecar) Resolve(ctx context.Context, handle, credentialID string) (Answer, error) {
	question := map[string]any{"user_handle": handle, "allow_removed": true}
	if credentialID != "" {
		question["credential_id"] = credentialID
	}
	var answer struct {
		IdentityID        string `json:"identity_id"`
		State             string `json:"state"`
		CredentialMatches *bool  `json:"credential_matches"`
	}
	err := s.call(ctx, "/v1/resolve", s.resolveKey, question, &answer)
	var status *statusError
	if errors.As(err, &status) && strings.HasSuffix(status.problem, "#unknown-handle") {
		return Answer{}, nil
	}
	return Answer(answer), err
}

// Handles lists the user handles that Kratos lists for an identity. There is one
// signal for each.
func (s *Sidecar) Handles(ctx context.Context, identityID string) ([]Handle, error) {
	signals, err := s.Signals(ctx, identityID)
	handles := make([]Handle, len(signals))
	for i, signal := range signals {
		handles[i].Value = signal.UserID
	}
	return handles, err
}

// Passkeys describes the passkeys and security keys of an identity.
func (s *Sidecar) Passkeys(ctx context.Context, identityID string) ([]Passkey, error) {
	var answer struct {
		Passkeys []struct {
			CredentialID string     `json:"credential_id"`
			Provider     string     `json:"provider"`
			Synced       *bool      `json:"synced"`
			LastUsed     *time.Time `json:"last_used"`
		}
	}
	err := s.call(ctx, identityPath(identityID, "passkeys"), s.readKey, nil, &answer)
	passkeys := make([]Passkey, len(answer.Passkeys))
	for i, p := range answer.Passkeys {
		passkeys[i] = Passkey(p)
	}
	return passkeys, err
}

// Used records that the identity has just signed in with a credential.
func (s *Sidecar) Used(ctx context.Context, identityID, credentialID string) error {
	return s.call(ctx, identityPath(identityID, "used"), s.readKey, map[string]any{"credential_id": credentialID}, nil)
}

// Signals returns what browsers may be told about the identity's credentials.
func (s *Sidecar) Signals(ctx context.Context, identityID string) ([]Signal, error) {
	var answer struct {
		All []Signal `json:"all_accepted_credentials"`
	}
	err := s.call(ctx, identityPath(identityID, "signals"), s.readKey, nil, &answer)
	return answer.All, err
}

// Advice returns what to propose to a user who has just signed in.
func (s *Sidecar) Advice(ctx context.Context, identityID string) (Advice, error) {
	var answer struct {
		Propose   string   `json:"advice"`
		Predating []string `json:"predating_address_proof"`
	}
	err := s.call(ctx, identityPath(identityID, "advice"), s.readKey, nil, &answer)
	return Advice(answer), err
}

func identityPath(id, view string) string {
	return "/v1/identities/" + url.PathEscape(id) + "/" + view
}

// statusError is a response of the sidecar with a status other than 200. The
// status alone says nothing about a handle: a wrong URL is also 404.
type statusError struct {
	code    int
	problem string // the type of the RFC 9457 problem, or ""
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the sidecar responded with %d %s", e.code, http.StatusText(e.code))
}

// call sends a POST request with question as JSON, or a GET request if question
// is nil, and decodes the response into into. If into is nil, it expects 204.
func (s *Sidecar) call(ctx context.Context, path, key string, question, into any) error {
	method, body := http.MethodGet, []byte(nil)
	if question != nil {
		var err error
		if body, err = json.Marshal(question); err != nil {
			return err
		}
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body)) //nolint:gosec // the host is configured, ids are escaped
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := s.client.Do(request) //nolint:gosec // as above
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if into == nil && response.StatusCode == http.StatusNoContent {
		return nil
	}
	if response.StatusCode != http.StatusOK {
		var problem struct {
			Type string `json:"type"`
		}
		_ = json.NewDecoder(io.LimitReader(response.Body, maxResponse)).Decode(&problem) // not a problem of the sidecar: no type
		return &statusError{code: response.StatusCode, problem: problem.Type}
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxResponse)).Decode(into); err != nil {
		return fmt.Errorf("decode the sidecar's response: %w", err)
	}
	return nil
}
