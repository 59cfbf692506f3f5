package index

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Owner is what a lookup returns about one identity that holds or held a
// handle. Stores keep it beside the handle's digest and derive it from the
// record whenever they write that.
type Owner struct {
	ID       uuid.UUID
	Kind     Kind  // of the handle
	State    State // of the handle; Removed if the identity is deleted
	Complete bool  // no credential belongs to the handle but those listed
	Passkeys int   // of the identity, as Identity.Passkeys counts them
	SeenAt   time.Time
	PulledAt time.Time

	// Credentials are those of the identity, or, if Complete, those that belong
	// to the handle.
	Credentials []OwnerCredential
}

// OwnerCredential is a credential as a lookup needs it.
type OwnerCredential struct {
	Digest  userhandle.Digest // of the credential id
	Belongs bool              // to the handle: it is live and not known to be registered with another one
}

// Owner returns what a lookup of the handle returns about the identity.
func (i *Identity) Owner(handle userhandle.Digest) (Owner, bool) {
	h, ok := i.Handle(handle)
	if !ok {
		return Owner{}, false
	}
	o := Owner{
		ID: i.ID, Kind: h.Kind, State: h.State, Passkeys: i.Passkeys(), SeenAt: i.SeenAt, PulledAt: i.PulledAt,
		// Each passkey has a handle of its own, and the pull that showed the handle
		// showed its key. Security keys that share a handle come and go.
		Complete: h.Kind == Passkey && h.Pulled,
	}
	for _, c := range i.Credentials {
		belongs := c.Live && h.State != Removed && c.Kind == h.Kind && (c.Handle == handle || c.Handle.IsZero())
		if belongs || !o.Complete {
			o.Credentials = append(o.Credentials, OwnerCredential{c.Digest, belongs})
		}
	}
	return o, true
}

// Credential reports whether a credential belongs to the handle; known is false
// if that cannot be told.
func (o *Owner) Credential(credential userhandle.Digest) (belongs, known bool) {
	for _, c := range o.Credentials {
		if c.Digest == credential {
			return c.Belongs, true
		}
	}
	return false, o.Complete
}

// Clone returns a copy that shares nothing with the original.
func (o *Owner) Clone() Owner {
	c := *o
	c.Credentials = slices.Clone(o.Credentials)
	return c
}

// ownerVersion is the first byte of an encoded owner. An owner of another
// version is not read; the record has all of it.
const ownerVersion = 1

// maxOwner bounds an encoded owner, in bytes, so that what an identity with very
// many credentials takes does not grow with their square.
const maxOwner = 2 << 10

// EncodeOwner returns what a store keeps beside a handle of the identity, without
// the id. It is empty if that is too long or the identity does not have the
// handle: then the record has to be read.
func (i *Identity) EncodeOwner(handle userhandle.Digest) []byte {
	if i == nil {
		return nil
	}
	o, ok := i.Owner(handle)
	if !ok || len(o.Credentials) > maxOwner/(digestLen+1) {
		return nil
	}
	b := make([]byte, 0, 32+len(o.Credentials)*(digestLen+1))
	b = append(b, ownerVersion, byte(o.Kind), byte(o.State), boolByte(o.Complete))
	b = binary.AppendUvarint(b, uint64(o.Passkeys)) //nolint:gosec // a count
	b = appendTime(appendTime(b, o.SeenAt), o.PulledAt)
	b = binary.AppendUvarint(b, uint64(len(o.Credentials)))
	for _, c := range o.Credentials {
		b = append(append(b, c.Digest[:]...), boolByte(c.Belongs))
	}
	return b
}

// DecodeOwner reads what EncodeOwner wrote; ok is false if the record has to be
// read instead.
func DecodeOwner(id uuid.UUID, b []byte) (o Owner, ok bool, err error) {
	if len(b) == 0 || b[0] != ownerVersion {
		return Owner{}, false, nil
	}
	r := reader{b: b[1:]}
	o = Owner{ID: id, Kind: Kind(r.byte()), State: State(r.byte()), Complete: r.byte() == 1}
	o.Passkeys = int(r.uvarint()) //nolint:gosec // a count
	o.SeenAt, o.PulledAt = r.time(), r.time()
	if n := r.count(digestLen + 1); n > 0 {
		o.Credentials = make([]OwnerCredential, n)
		for k := range o.Credentials {
			o.Credentials[k] = OwnerCredential{r.digest(), r.byte() == 1}
		}
	}
	if !r.short && (o.Kind.String() == "" || o.State.String() == "") {
		return Owner{}, false, fmt.Errorf("index entry has a handle of kind %d and state %d", o.Kind, o.State)
	}
	if err := r.end("entry"); err != nil {
		return Owner{}, false, err
	}
	return o, true, nil
}
