package ui

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"time"
)

// Directory knows more about passkeys than Kratos' flows tell. The sidecar does.
// Credential ids and user handles are base64url without padding.
type Directory interface {
	// Resolve answers whose a user handle is; credentialID may be "".
	Resolve(ctx context.Context, handle, credentialID string) (Answer, error)
	// Handles lists the user handles that Kratos has for an identity.
	Handles(ctx context.Context, identityID string) ([]Handle, error)
	// Passkeys describes the keys of an identity.
	Passkeys(ctx context.Context, identityID string) ([]Passkey, error)
	// Used notes that somebody has just signed in with one of their keys.
	Used(ctx context.Context, identityID, credentialID string) error
	// Signals answers what browsers may be told about the identity's credentials,
	// one signal a user handle, each with all credentials that still sign in.
	Signals(ctx context.Context, identityID string) ([]Signal, error)
	// Advice answers what is worth proposing to somebody who has just signed in.
	Advice(ctx context.Context, identityID string) (Advice, error)
}

// An Answer of the directory. IdentityID is "" for a handle nobody knows.
type Answer struct {
	IdentityID        string
	State             string // "active", "orphaned", "removed" or "unknown"
	CredentialMatches *bool  // nil: not asked, or not known
}

// A Handle that Kratos lists, of the method "passkey" or "webauthn".
type Handle struct{ Method, Value string }

// A Passkey of an account, or a security key.
type Passkey struct {
	CredentialID string
	Provider     string     // "" where it does not tell
	Synced       *bool      // nil: not known
	LastUsed     *time.Time // nil: not known
}

// A Signal is the argument of signalAllAcceptedCredentials (WebAuthn Level 3
// §5.1.10.3) but for rpId.
type Signal struct {
	UserID                   string   `json:"userId"`
	AllAcceptedCredentialIDs []string `json:"allAcceptedCredentialIds"`
}

// Advice about the passkeys of an account.
type Advice struct {
	Propose string // "none", "add-passkey" or "re-enroll"
	// Predating are credential ids of passkeys that are older than the first
	// proof of the account's address: perhaps somebody else's.
	Predating []string
}

// base64urlOf turns the hex of Kratos' nodes into what browsers write.
func base64urlOf(hexText string) string {
	b, err := hex.DecodeString(hexText)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
