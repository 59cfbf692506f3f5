// Package index keeps what is known about user handles: which identity each
// belongs to, which credential stands behind it, and since when. Handles and
// credential ids are kept as digests only; nothing of a person is.
//
// The package holds the record, its encoding and the Store interface; the
// stores live below it and share one conformance suite, indextest.
package index

import (
	"bytes"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Kind is the Kratos method that a handle or credential belongs to.
type Kind uint8

// The two methods that make user handles.
const (
	Passkey Kind = iota + 1
	WebAuthn
)

// String is the method's name in Kratos.
func (k Kind) String() string {
	switch k {
	case Passkey:
		return "passkey"
	case WebAuthn:
		return "webauthn"
	}
	return ""
}

// State says what stands behind a handle.
type State uint8

// The states of a handle.
const (
	// Active: Kratos lists the handle and a credential stands behind it.
	Active State = iota + 1
	// Orphaned: a key that still signs in, but whose handle Kratos has
	// overwritten. Only this index still knows whose it is.
	Orphaned
	// Removed: the credential is gone, or its identity is.
	Removed
	// Unknown: the handle is the identity's, but whether a credential still
	// stands behind it cannot be told.
	Unknown
)

// String is the state's name in answers.
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
	Pulled    bool      // it was there when all credentials were last looked at
	FirstSeen time.Time // by this index
}

// Credential is one credential of an identity, live or once seen.
type Credential struct {
	Digest userhandle.Digest // of the credential id
	Kind   Kind
	Handle userhandle.Digest // zero: which handle it was registered with cannot be told
	Live   bool              // Kratos listed it when it was last looked at
	UsedAt time.Time         // the last sign-in that is known to be with it
}

// Identity is everything the index knows about one identity. Times are in UTC
// and whole microseconds; a zero time means never. They are those at which the
// request to Kratos was made, so that no older answer overwrites a newer one.
type Identity struct {
	ID          uuid.UUID
	Handles     []Handle
	Credentials []Credential
	SeenAt      time.Time // Kratos listed or answered the identity, and that was written down
	PulledAt    time.Time // the last look at all of its credentials, passkeys included
	DeletedAt   time.Time // Kratos answered 404

	extensions []byte // what a newer program has added, as it is encoded
}

// Handle answers the handle with that digest.
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

// Credential answers the credential with that digest.
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

// Clone copies the identity so that neither copy shows changes to the other.
func (i *Identity) Clone() *Identity {
	if i == nil {
		return nil
	}
	c := *i
	c.Handles = append([]Handle(nil), i.Handles...)
	c.Credentials = append([]Credential(nil), i.Credentials...)
	return &c
}

// Equal tells whether two identities are stored as the same record; nil stands
// for no record.
func Equal(a, b *Identity) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && bytes.Equal(a.Encode(), b.Encode())
}
