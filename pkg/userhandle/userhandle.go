// Package userhandle knows the forms in which a WebAuthn user handle travels
// and reads them tolerantly, without ever choosing between two that could both
// be meant.
//
// A user handle is 1 to 64 opaque bytes (WebAuthn §5.4.3, user.id). Kratos
// makes three kinds: the `passkey` method 64 random letters and digits for each
// passkey; the `webauthn` method 16 random bytes at registration; and the 16
// bytes of the identity's id when a key is added in settings
// (selfservice/strategy/{passkey,webauthn}@v1.3.1).
package userhandle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// MaxLen is the greatest length of a user handle in bytes (WebAuthn §5.4.3).
const MaxLen = 64

// passkeyLen is the length in characters of a handle that the passkey method
// makes, and of what it lists as an identifier.
const passkeyLen = 64

// Digest is what stands for a user handle, or for a credential id, wherever
// one is kept: the first 16 bytes of its SHA-256. Nothing is stored in clear.
type Digest [16]byte

// DigestOf computes the digest of the bytes of a user handle or credential id.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest(sum[:len(Digest{})])
}

// IsZero tells whether the digest stands for nothing.
func (d Digest) IsZero() bool { return d == Digest{} }

// String is the digest in lower-case hex.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// LengthError says that a value is well formed, but too short or too long to be
// a user handle.
type LengthError struct {
	Len int // in bytes
}

func (e *LengthError) Error() string {
	if e.Len == 0 {
		return "the user handle is empty; WebAuthn allows 1 to 64 bytes"
	}
	return fmt.Sprintf("the user handle has %d bytes; WebAuthn allows 1 to 64", e.Len)
}

// Kind is the shape of a user handle, as far as its bytes tell.
type Kind string

// The kinds that Kratos makes, and every other one.
const (
	KindPasskey Kind = "passkey" // 64 letters and digits, as the passkey method makes them
	KindUUID    Kind = "uuid"    // 16 bytes: a webauthn handle or an identity id
	KindOther   Kind = "other"
)

// KindOf tells which of Kratos' shapes the bytes of a handle have.
func KindOf(handle []byte) Kind {
	switch {
	case len(handle) == 16:
		return KindUUID
	case len(handle) == passkeyLen && isAlphaNum(handle):
		return KindPasskey
	}
	return KindOther
}

func isAlphaNum(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
