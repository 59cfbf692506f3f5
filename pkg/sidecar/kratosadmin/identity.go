package kratosadmin

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Identity is the part of a Kratos identity that this project needs. Traits and other
// credentials never leave this package.
type Identity struct {
	ID        uuid.UUID
	CreatedAt time.Time
	// ProvedAt is when the first of its addresses was verified; zero if none is, and in
	// lists, which do not contain it.
	ProvedAt time.Time
	Passkey  *Credentials // nil if Kratos returned no credential of that type
	WebAuthn *Credentials
}

// Credentials are the credentials of one type.
type Credentials struct {
	// Identifiers are, for passkey, the raw characters of all user handles that were
	// registered, including removed ones until the last passkey is removed; for webauthn,
	// the usernames.
	Identifiers []string `json:"identifiers"`
	// Config is nil if it was not requested, or if the type has no keys, such as a
	// webauthn entry that Kratos creates because the schema has an identifier for it.
	Config *Config `json:"config"`
}

// Config is the configuration of one type (identity.CredentialsWebAuthnConfig
// at v1.3.1).
type Config struct {
	// UserHandle is the user handle of the newest registration; its key may be removed.
	UserHandle []byte `json:"user_handle"`
	// Keys are in order of registration.
	Keys []Key `json:"credentials"`
}

// Key is one registered key (identity.CredentialWebAuthn at v1.3.1).
type Key struct {
	ID           []byte    `json:"id"`
	AddedAt      time.Time `json:"added_at"`
	Passwordless bool      `json:"is_passwordless"`
	DisplayName  string    `json:"display_name"`
	// AAGUID has 16 bytes, all zero if the authenticator did not report it. CloneWarning
	// reports that a signature counter went backwards (WebAuthn §7.2 step 22); Kratos up
	// to v26.2.0 never sets it.
	Authenticator struct {
		AAGUID       []byte `json:"aaguid"`
		CloneWarning bool   `json:"clone_warning"`
	} `json:"authenticator"`
	// Flags are the flags at registration; nil for keys from before Kratos v1.1.
	Flags *Flags `json:"flags"`
}

// Flags are the authenticator data flags at registration (WebAuthn §6.1).
type Flags struct {
	BackupEligible bool `json:"backup_eligible"`
	BackupState    bool `json:"backup_state"`
}

// wireIdentity is an identity in the format of the admin API. Other members are
// skipped.
type wireIdentity struct {
	ID          string    `json:"id"`
	CreatedAt   time.Time `json:"created_at"`
	Credentials struct {
		Passkey  *Credentials `json:"passkey"`
		WebAuthn *Credentials `json:"webauthn"`
	} `json:"credentials"`
}

func (w *wireIdentity) identity() (*Identity, error) {
	id, err := parseID(w.ID)
	if err != nil {
		return nil, err
	}
	return &Identity{ID: id, CreatedAt: w.CreatedAt, Passkey: w.Credentials.Passkey, WebAuthn: w.Credentials.WebAuthn}, nil
}

func parseID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || id == uuid.Nil {
		return uuid.Nil, fmt.Errorf("kratos returned an identity with the ID %q", text)
	}
	return id, nil
}
