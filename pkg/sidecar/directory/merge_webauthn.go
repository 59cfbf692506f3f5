package directory

import (
	"time"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// A webauthn registration uses a random user handle. Every key added in settings has
// the identity's ID as its handle, and overwrites the handle that Kratos stores
// (selfservice/strategy/webauthn/{registration,settings}.go at v1.3.1). So only an
// index that observed the first key's handle before still knows it.

// webauthn merges the keys of the webauthn method, which lists and pulls contain in
// full.
func (m *merger) webauthn(c *kratosadmin.Credentials, created time.Time) {
	keys := keyDigests(c)
	added := m.mergeKeys(index.WebAuthn, keys)
	if len(keys) == 0 {
		m.removeUnlisted(index.WebAuthn, nil)
		return
	}
	var listed userhandle.Digest
	if len(c.Config.UserHandle) > 0 {
		listed = userhandle.DigestOf(c.Config.UserHandle)
		m.handle(listed, index.WebAuthn)
	}
	identityID := userhandle.DigestOf(m.next.ID[:])
	for _, n := range added {
		if listed == identityID && n == 0 && m.mayBeFromRegistration(c.Config.Keys[n], created) {
			continue // its handle may have been overwritten
		}
		m.pair(keys[n], listed)
	}
	for i := range m.next.Handles {
		h := &m.next.Handles[i]
		if h.Kind != index.WebAuthn {
			continue
		}
		switch live, unpaired := m.webauthnKeys(h.Digest); {
		case live && h.Digest == listed:
			h.State = index.Active
		case live:
			h.State = index.Orphaned
		case unpaired && h.Digest == listed:
			h.State = index.Unknown
		default:
			h.State = index.Removed
		}
	}
}

// mayBeFromRegistration reports whether the first key of a previously unknown
// identity may have been registered together with the identity. Second factors never
// are.
func (m *merger) mayBeFromRegistration(k kratosadmin.Key, created time.Time) bool {
	return !m.known && k.Passwordless && (created.IsZero() || k.AddedAt.Sub(created) <= registrationWindow)
}

// webauthnKeys reports whether a live key was registered with the handle, and whether
// there is a live key whose handle is not known.
func (m *merger) webauthnKeys(handle userhandle.Digest) (live, unpaired bool) {
	for _, c := range m.next.Credentials {
		if c.Kind == index.WebAuthn && c.Live {
			live = live || c.Handle == handle
			unpaired = unpaired || c.Handle.IsZero()
		}
	}
	return live, unpaired
}
