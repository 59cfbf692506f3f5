package ui

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"time"
)

// Directory provides what Kratos' flows do not say about passkeys. Sidecar
// implements it. Credential ids and user handles are base64url without padding.
type Directory interface {
	// Resolve returns the identity of a user handle; credentialID may be "".
	Resolve(ctx context.Context, handle, credentialID string) (Answer, error)
	// Handles lists the user handles that Kratos lists for an identity.
	Handles(ctx context.Context, identityID string) ([]Handle, error)
	// Passkeys describes the passkeys and security keys of an identity.
	Passkeys(ctx context.Context, identityID string) ([]Passkey, error)
	// Used records that the identity has just signed in with a credential.
	Used(ctx context.Context, identityID, credentialID string) error
	// Signals returns what browsers may be told about the identity's credentials:
	// one signal per user handle, each with all credentials that still sign in.
	Signals(ctx context.Context, identityID string) ([]Signal, error)
	// Advice returns what to propose to a user who has just signed in.
	Advice(ctx context.Context, identityID string) (Advice, error)
}

// An Answer of the directory. IdentityID is "" for an unknown handle.
type Answer struct {
	IdentityID        string
	State             string // "active", "orphaned", "removed" or "unknown"
	CredentialMatches *bool  // nil: not asked, or unknown
}

// A Handle that Kratos lists, of the method "passkey" or "webauthn".
type Handle struct{ Method, Value string }

// A Passkey or security key of an account.
type Passkey struct {
	CredentialID string
	Provider     string     // "" if unknown
	Synced       *bool      // nil: unknown
	LastUsed     *time.Time // nil: unknown
}

// A Signal is the argument of signalAllAcceptedCredentials (WebAuthn Level 3
// §5.1.10.3) without rpId.
type Signal struct {
	UserID                   string   `json:"userId"`
	AllAcceptedCredentialIDs []string `json:"allAcceptedCredentialIds"`
}

// Advice about the passkeys of an account.
type Advice struct {
	Propose string // "none", "add-passkey" or "re-enroll"
	// Predating lists the credential ids of passkeys that are older than the first
	// verification of the account's address, so that they may be a stranger's.
	Predating []string
}

// base64urlOf converts the hex of Kratos' nodes to the base64url of browsers. It
// returns "" for invalid hex.
func base64urlOf(hexText string) string {
	b, err := hex.DecodeString(hexText)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
