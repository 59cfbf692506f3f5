package client

import (
	"context"
	"net/http"

	"github.com/cenkalti/backoff/v5"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

// Passkey is a key of an identity.
type Passkey = api.Passkey

// Signal is the argument of PublicKeyCredential.signalAllAcceptedCredentials
// (WebAuthn Level 3 §5.1.10.3) without rpId.
type Signal = api.Signal

// Advice is a suggestion to a user who has just signed in.
type Advice = api.Advice

// Passkeys returns the keys of an identity, as Kratos currently has them.
func (c *Client) Passkeys(ctx context.Context, identityID string) ([]Passkey, error) {
	a, err := identity[struct {
		owned
		Passkeys []Passkey `json:"passkeys"`
	}](ctx, c, identityID, "passkeys")
	if err != nil {
		return nil, err
	}
	return a.Passkeys, nil
}

// Signals returns the signals that a page can send to authenticators, one per user
// handle. None of them removes a credential that still works.
func (c *Client) Signals(ctx context.Context, identityID string) ([]Signal, error) {
	a, err := identity[struct {
		owned
		All []Signal `json:"all_accepted_credentials"`
	}](ctx, c, identityID, "signals")
	if err != nil {
		return nil, err
	}
	return a.All, nil
}

// Advice returns suggestions for the user.
func (c *Client) Advice(ctx context.Context, identityID string) (*Advice, error) {
	a, err := identity[struct {
		owned
		Advice
	}](ctx, c, identityID, "advice")
	if err != nil {
		return nil, err
	}
	return &a.Advice, nil
}

// owned is the identity that a response is about.
type owned struct {
	IdentityID string `json:"identity_id"`
}

func (o owned) owner() string { return o.IdentityID }

// identity reads a view of an identity, with a key of scope read.
func identity[T interface{ owner() string }](ctx context.Context, c *Client, id, view string) (*T, error) {
	return httpx.Retry(ctx, c.tries, firstWait, func() (*T, error) {
		var a T
		err := c.do(ctx, http.MethodGet, c.base.JoinPath("v1", "identities", id, view), nil, &a)
		if err == nil && a.owner() != id {
			err = backoff.Permanent(c.notTheSidecar("no identity"))
		}
		return &a, err
	})
}
