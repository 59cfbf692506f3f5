package kratosadmin

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Identity is what this project needs of a Kratos identity. Traits and every
// other credential never leave this package.
type Identity struct {
	ID        uuid.UUID
	CreatedAt time.Time
	// ProvedAt is when the first of its addresses was verified; zero where none
	// is, and on the list, which does not show it.
	ProvedAt time.Time
	Passkey  *Credentials // nil: Kratos shows no credential of that type
	WebAuthn *Credentials
}

// Credentials is what an identity has of one type.
type Credentials struct {
	// Identifiers are, for passkey, the raw characters of every user handle that
	// was ever registered, removed ones included until the last passkey goes; for
	// webauthn the user names.
	Identifiers []string `json:"identifiers"`
	// Config is nil where it was not asked for, and where the type is there in
	// name only, as it is beside a passkey when the schema names an identifier.
	Config *Config `json:"config"`
}

// Config is the configuration of one type (identity.CredentialsWebAuthnConfig
// at v1.3.1).
type Config struct {
	// UserHandle is that of the newest registration, though its key may be gone.
	UserHandle []byte `json:"user_handle"`
	// Keys are in the order of their registration.
	Keys []Key `json:"credentials"`
}

// Key is one registered key (identity.CredentialWebAuthn at v1.3.1).
type Key struct {
	ID           []byte    `json:"id"`
	AddedAt      time.Time `json:"added_at"`
	Passwordless bool      `json:"is_passwordless"`
	DisplayName  string    `json:"display_name"`
	// Authenticator names the make: its AAGUID has 16 bytes, zero where the
	// authenticator does not tell. CloneWarning says that a signature counter
	// went back (WebAuthn §7.2 step 22); Kratos up to v26.2.0 never sets it.
	Authenticator struct {
		AAGUID       []byte `json:"aaguid"`
		CloneWarning bool   `json:"clone_warning"`
	} `json:"authenticator"`
	// Flags are those of the registration; nil on keys from before Kratos v1.1.
	Flags *Flags `json:"flags"`
}

// Flags are what the authenticator said when the key was registered
// (WebAuthn §6.1).
type Flags struct {
	BackupEligible bool `json:"backup_eligible"`
	BackupState    bool `json:"backup_state"`
}

// wireIdentity is an identity as the admin API writes it. Whatever is not named
// here is skipped while decoding.
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
		return uuid.Nil, fmt.Errorf("Kratos returned an identity with the ID %q", text)
	}
	return id, nil
}
