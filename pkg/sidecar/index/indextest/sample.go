package indextest

import (
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// SharedHandle is the handle that two identities of Sample have.
func SharedHandle() userhandle.Digest { return digest("shared") }

// Sample returns records of every shape: all states and kinds, a tombstone, a
// handle that two identities share, credentials with and without their handle,
// and an identity with more credentials than fit beside a handle. The fixtures
// in testdata folders were made from it, so that it must not change.
func Sample() []*index.Identity {
	at := time.Date(2026, 11, 22, 1, 2, 3, 456000, time.UTC)
	id := func(n byte) uuid.UUID { return uuid.UUID{n, 15: n} }
	handle := func(name string, kind index.Kind, state index.State, pulled bool) index.Handle {
		return index.Handle{Digest: digest(name), Kind: kind, State: state, Pulled: pulled, FirstSeen: at}
	}
	credential := func(name, handle string, kind index.Kind, live bool) index.Credential {
		c := index.Credential{Digest: digest(name), Kind: kind, Live: live}
		if handle != "" {
			c.Handle, c.UsedAt = digest(handle), at.Add(time.Hour)
		}
		return c
	}
	many := &index.Identity{ID: id(8), SeenAt: at, PulledAt: at}
	for n := range 200 {
		name := uuid.UUID{8, byte(n)}.String()
		many.Handles = append(many.Handles, handle(name, index.Passkey, index.Active, true))
		many.Credentials = append(many.Credentials, credential("credential of "+name, "", index.Passkey, true))
	}
	return []*index.Identity{
		{ID: id(1), SeenAt: at, PulledAt: at, Handles: []index.Handle{handle("one", index.Passkey, index.Active, true)}, Credentials: []index.Credential{credential("c1", "one", index.Passkey, true)}},
		{ID: id(2), SeenAt: at, Handles: []index.Handle{handle("listed", index.Passkey, index.Active, false)}},
		{
			ID: id(3), SeenAt: at, PulledAt: at.Add(-time.Hour),
			Handles: []index.Handle{
				handle("lost", index.Passkey, index.Removed, true), handle("unclear", index.Passkey, index.Unknown, false), handle("kept", index.Passkey, index.Active, true),
			},
			Credentials: []index.Credential{credential("gone", "lost", index.Passkey, false), credential("either", "", index.Passkey, true), credential("kept's", "kept", index.Passkey, true)},
		},
		{
			ID: id(4), SeenAt: at,
			Handles:     []index.Handle{handle("overwritten", index.WebAuthn, index.Orphaned, false), handle("current", index.WebAuthn, index.Active, false)},
			Credentials: []index.Credential{credential("first key", "overwritten", index.WebAuthn, true), credential("second key", "current", index.WebAuthn, true)},
		},
		{
			ID: id(5), SeenAt: at, PulledAt: at, DeletedAt: at.Add(time.Minute),
			Handles: []index.Handle{handle("deleted", index.Passkey, index.Active, true)}, Credentials: []index.Credential{credential("c5", "deleted", index.Passkey, true)},
		},
		{ID: id(6), SeenAt: at, Handles: []index.Handle{handle("shared", index.WebAuthn, index.Active, false)}},
		{ID: id(7), SeenAt: at, Handles: []index.Handle{handle("shared", index.WebAuthn, index.Active, false)}},
		many,
		{ID: id(9), SeenAt: at},
	}
}
