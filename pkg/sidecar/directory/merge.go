package directory

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// registrationWindow is how long after its identity a webauthn key may have
// been added and still come from the registration itself. Kratos writes both
// times in one request, in whole seconds.
const registrationWindow = 10 * time.Second

// observation holds the time of a request to Kratos and the time at which its
// response is merged, which may be later, after waiting for the store.
type observation struct{ asked, now time.Time }

// observedSince returns the observation of a request that began at the given time of
// this server's clock. It is converted to the shared clock only now, because that
// may have been adjusted since.
func (d *Directory) observedSince(began time.Time) observation {
	now := d.now()
	return observation{now.Add(began.Sub(d.local())), now}
}

// maxSkew is the maximum clock difference between servers that share a store.
const maxSkew = 5 * maxRTT

// outdated reports whether the record already contains a later observation. A record
// from the future, written before the clock was set back, does not count.
func (l observation) outdated(cur *index.Identity) bool {
	return cur != nil && cur.SeenAt.After(micros(l.asked)) && !cur.SeenAt.After(l.now.Add(maxSkew))
}

// mergeListed merges an entry of the list of identities, which contains webauthn
// credentials in full, but only the identifiers of passkeys. cur may be nil. The
// result is nil if there is nothing to store, and equal to cur if nothing changed.
func mergeListed(cur *index.Identity, seen *kratosadmin.Identity, l observation) *index.Identity {
	if l.outdated(cur) {
		return cur
	}
	m := newMerger(cur, seen.ID, l)
	m.passkeysListed(identifiers(seen.Passkey))
	m.webauthn(seen.WebAuthn, seen.CreatedAt)
	if cur == nil && len(m.next.Handles) == 0 {
		return nil
	}
	if !index.Equal(cur, m.next) {
		m.next.SeenAt = m.asked
	}
	return m.next
}

// mergePulled merges an identity with all of its credentials.
func mergePulled(cur *index.Identity, seen *kratosadmin.Identity, l observation) *index.Identity {
	if l.outdated(cur) {
		return cur
	}
	m := newMerger(cur, seen.ID, l)
	m.passkeysPulled(seen.Passkey)
	m.webauthn(seen.WebAuthn, seen.CreatedAt)
	if cur == nil && len(m.next.Handles) == 0 {
		return nil
	}
	m.next.SeenAt, m.next.PulledAt = m.asked, m.asked
	return m.next
}

// mergeDeleted merges the response that Kratos has no such identity. An identity that
// was already deleted keeps its time of deletion.
func mergeDeleted(cur *index.Identity, l observation) *index.Identity {
	if cur == nil || l.outdated(cur) {
		return cur
	}
	next := cur.Clone()
	next.SeenAt, next.PulledAt = micros(l.asked), micros(l.asked)
	if next.DeletedAt.IsZero() {
		next.DeletedAt = next.SeenAt
	}
	return next
}

// merger merges an observation of Kratos into a record.
type merger struct {
	known bool // there was a record before
	next  *index.Identity
	asked time.Time
}

func newMerger(cur *index.Identity, id uuid.UUID, l observation) *merger {
	m := &merger{known: cur != nil, next: cur.Clone(), asked: micros(l.asked)}
	if m.next == nil {
		m.next = &index.Identity{ID: id}
	}
	m.next.DeletedAt = time.Time{}
	return m
}

func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// handle returns a pointer to the entry of a user handle, which it adds if missing.
func (m *merger) handle(d userhandle.Digest, kind index.Kind) *index.Handle {
	for i := range m.next.Handles {
		if h := &m.next.Handles[i]; h.Digest == d {
			return h
		}
	}
	m.next.Handles = append(m.next.Handles, index.Handle{Digest: d, Kind: kind, State: index.Unknown, FirstSeen: m.asked})
	return &m.next.Handles[len(m.next.Handles)-1]
}

// removeUnlisted marks the handles of a kind that Kratos does not list.
func (m *merger) removeUnlisted(kind index.Kind, listed []userhandle.Digest) {
	for i := range m.next.Handles {
		if h := &m.next.Handles[i]; h.Kind == kind && !slices.Contains(listed, h.Digest) {
			h.State = index.Removed
		}
	}
}

// mergeKeys updates which credentials of a kind are live, adds new ones, and returns
// the indexes of the new ones in keys.
func (m *merger) mergeKeys(kind index.Kind, keys []userhandle.Digest) (added []int) {
	for i := range m.next.Credentials {
		if c := &m.next.Credentials[i]; c.Kind == kind {
			c.Live = slices.Contains(keys, c.Digest)
		}
	}
	for n, d := range keys {
		if _, known := m.next.Credential(d); !known {
			m.next.Credentials = append(m.next.Credentials, index.Credential{Digest: d, Kind: kind, Live: true})
			added = append(added, n)
		}
	}
	return added
}

// pair records the user handle that a credential was registered with.
func (m *merger) pair(credential, handle userhandle.Digest) {
	for i := range m.next.Credentials {
		if c := &m.next.Credentials[i]; c.Digest == credential {
			c.Handle = handle
		}
	}
}

func identifiers(c *kratosadmin.Credentials) []userhandle.Digest {
	if c == nil {
		return nil
	}
	ds := make([]userhandle.Digest, len(c.Identifiers))
	for i, id := range c.Identifiers {
		ds[i] = userhandle.DigestOf([]byte(id))
	}
	return ds
}

func keyDigests(c *kratosadmin.Credentials) []userhandle.Digest {
	if c == nil || c.Config == nil {
		return nil
	}
	ds := make([]userhandle.Digest, len(c.Config.Keys))
	for i, k := range c.Config.Keys {
		ds[i] = userhandle.DigestOf(k.ID)
	}
	return ds
}
