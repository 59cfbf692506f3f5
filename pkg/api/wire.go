package api

import "time"

// Answer is the response of POST /v1/resolve: the identity of a user handle.
type Answer struct {
	IdentityID        string    `json:"identity_id"`
	Credential        string    `json:"credential"`         // passkey, webauthn, or "" if only the ID is known
	State             string    `json:"state"`              // active, orphaned, removed or unknown
	CredentialMatches *bool     `json:"credential_matches"` // nil: not known, or not asked
	Source            string    `json:"source"`             // index, kratos or identity_id
	ConfirmedAt       time.Time `json:"confirmed_at"`
}

// Passkey is a key of an identity.
type Passkey struct {
	CredentialID string     `json:"credential_id"` // base64url
	Kind         string     `json:"kind"`          // passkey or webauthn
	Name         string     `json:"name"`
	Provider     string     `json:"provider"`     // by AAGUID, "" if unknown
	Discoverable *bool      `json:"discoverable"` // nil: not known
	Synced       *bool      `json:"synced"`       // nil: not known
	CreatedAt    *time.Time `json:"created_at"`
	LastUsed     *time.Time `json:"last_used"` // nil: no sign-in with it is known
	HandleState  string     `json:"handle_state"`
}

// Signal is the argument of PublicKeyCredential.signalAllAcceptedCredentials
// (WebAuthn Level 3 §5.1.10.3) without rpId.
type Signal struct {
	UserID                   string   `json:"userId"`                   // base64url
	AllAcceptedCredentialIDs []string `json:"allAcceptedCredentialIds"` // base64url
}

// Advice is a suggestion to a user who has just signed in.
type Advice struct {
	Propose   string   `json:"advice"`                  // none, add-passkey or re-enroll
	Predating []string `json:"predating_address_proof"` // IDs of passkeys older than the first proof of an address, base64url
}
