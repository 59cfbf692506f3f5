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

// Sidecar is the Directory that oly-passkey serve answers over HTTP.
type Sidecar struct {
	url                 string
	resolveKey, readKey string
	client              *http.Client
}

// NewSidecar takes the sidecar's URL and two of its keys: of the scopes resolve
// and read.
func NewSidecar(sidecarURL, resolveKey, readKey string) (*Sidecar, error) {
	u, err := url.Parse(sidecarURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("sidecar url %q is no http or https URL", sidecarURL)
	}
	return &Sidecar{
		url: strings.TrimRight(sidecarURL, "/"), resolveKey: resolveKey, readKey: readKey,
		client: &http.Client{Timeout: 5 * time.Second, CheckRedirect: noRedirect},
	}, nil
}

// Resolve answers whose a user handle is; nobody's is no error.
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

// Handles lists the user handles that Kratos has for an identity: those that
// there is a signal for.
func (s *Sidecar) Handles(ctx context.Context, identityID string) ([]Handle, error) {
	signals, err := s.Signals(ctx, identityID)
	handles := make([]Handle, len(signals))
	for i, signal := range signals {
		handles[i].Value = signal.UserID
	}
	return handles, err
}

// Passkeys describes the keys of an identity.
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

// Used notes that somebody has just signed in with one of their keys.
func (s *Sidecar) Used(ctx context.Context, identityID, credentialID string) error {
	return s.call(ctx, identityPath(identityID, "used"), s.readKey, map[string]any{"credential_id": credentialID}, nil)
}

// Signals answers what browsers may be told about the identity's credentials.
func (s *Sidecar) Signals(ctx context.Context, identityID string) ([]Signal, error) {
	var answer struct {
		All []Signal `json:"all_accepted_credentials"`
	}
	err := s.call(ctx, identityPath(identityID, "signals"), s.readKey, nil, &answer)
	return answer.All, err
}

// Advice answers what is worth proposing.
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

// statusError is an answer of the sidecar other than 200. A status alone says
// nothing about a handle: a wrong URL answers 404, too.
type statusError struct {
	code    int
	problem string // the type of the RFC 9457 problem, "" where it is none
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the sidecar answered %d %s", e.code, http.StatusText(e.code))
}

// call asks with POST where there is a question, and with GET otherwise; a nil
// into expects no answer.
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
		_ = json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&problem) // another server's answer has no type
		return &statusError{code: response.StatusCode, problem: problem.Type}
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("the sidecar's answer: %w", err)
	}
	return nil
}
