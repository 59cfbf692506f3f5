// Package index stores which identity each user handle belongs to, which credential
// was registered with it, and when that was observed. User handles and credential IDs
// are stored as digests only, and no personal data is stored.
//
// The package contains the record, its encoding and the Store interface. The stores
// are packages below it, with a common conformance suite, indextest.
package index

import (
	"bytes"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Kind is the Kratos method that a handle or credential belongs to.
type Kind uint8

// The methods that generate user handles.
const (
	Passkey Kind = iota + 1
	WebAuthn
)

// String returns the method's name in Kratos.
func (k Kind) String() string {
	switch k {
	case Passkey:
		return "passkey"
	case WebAuthn:
		return "webauthn"
	}
	return ""
}

// State is the state of a user handle.
type State uint8

// The states of a handle.
const (
	// Active: Kratos lists the handle, and a credential uses it.
	Active State = iota + 1
	// Orphaned: a key that still works uses the handle, but Kratos has overwritten it.
	// Only this index still knows its owner.
	Orphaned
	// Removed: the credential was removed, or its identity was deleted.
	Removed
	// Unknown: the handle belongs to the identity, but it is not known whether a
	// credential still uses it.
	Unknown
)

// String returns the state's name in the API.
func (s State) String() string {
	switch s {
	case Active:
		return "active"
	case Orphaned:
		return "orphaned"
	case Removed:
		return "removed"
	case Unknown:
		return "unknown"
	}
	return ""
}

// Handle is one user handle of an identity.
type Handle struct {
	Digest    userhandle.Digest
	Kind      Kind
	State     State
	Pulled    bool      // it was listed at the last pull
	FirstSeen time.Time // by this index
}

// Credential is one credential of an identity, live or once seen.
type Credential struct {
	Digest userhandle.Digest // of the credential id
	Kind   Kind
	Handle userhandle.Digest // the user handle it was registered with; zero if unknown
	Live   bool              // Kratos listed it at the last observation
	UsedAt time.Time         // last known sign-in with it
}

// Identity is the record of an identity. Times are in UTC and whole microseconds; a
// zero time means never. They are the times of requests to Kratos, not of responses,
// so that an older response never overwrites a newer one.
type Identity struct {
	ID          uuid.UUID
	Handles     []Handle
	Credentials []Credential
	SeenAt      time.Time // last observation that was stored
	PulledAt    time.Time // last observation of all credentials, including passkeys
	DeletedAt   time.Time // when Kratos returned 404

	extensions []byte // fields added by a newer program, encoded
}

// Handle returns the handle with the given digest.
func (i *Identity) Handle(d userhandle.Digest) (Handle, bool) {
	for _, h := range i.Handles {
		if h.Digest == d {
			if !i.DeletedAt.IsZero() {
				h.State = Removed
			}
			return h, true
		}
	}
	return Handle{}, false
}

// Credential returns the credential with the given digest.
func (i *Identity) Credential(d userhandle.Digest) (Credential, bool) {
	for _, c := range i.Credentials {
		if c.Digest == d {
			return c, true
		}
	}
	return Credential{}, false
}

// Passkeys returns how many handles of passkeys are not removed.
func (i *Identity) Passkeys() int {
	n := 0
	for _, h := range i.Handles {
		if h.Kind == Passkey && h.State != Removed {
			n++
		}
	}
	return n
}

// Clone returns a deep copy.
func (i *Identity) Clone() *Identity {
	if i == nil {
		return nil
	}
	c := *i
	c.Handles = append([]Handle(nil), i.Handles...)
	c.Credentials = append([]Credential(nil), i.Credentials...)
	return &c
}

// Equal reports whether two identities have the same record; nil means no record.
func Equal(a, b *Identity) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && bytes.Equal(a.Encode(), b.Encode())
}
