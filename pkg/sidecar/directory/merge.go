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

// look is the moment of one request to Kratos and of the merge of its answer,
// which may have waited for the store meanwhile.
type look struct{ asked, now time.Time }

// lookSince is a look whose request began then, by this server's clock. When that
// was is told now, since the other clock may have been set meanwhile.
func (d *Directory) lookSince(began time.Time) look {
	now := d.now()
	return look{now.Add(began.Sub(d.own())), now}
}

// slack is by how much the clocks of two servers that share a store may differ.
const slack = 5 * noise

// outdated tells whether the record shows a later look already. A record from
// the future, written before the clock was set back, does not count.
func (l look) outdated(cur *index.Identity) bool {
	return cur != nil && cur.SeenAt.After(micros(l.asked)) && !cur.SeenAt.After(l.now.Add(slack))
}

// mergeListed merges what the list of all identities shows: webauthn in full,
// of passkey the identifiers only. cur may be nil; the answer is nil where
// there is nothing to keep, and cur's equal where nothing changed.
func mergeListed(cur *index.Identity, seen *kratosadmin.Identity, l look) *index.Identity {
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

// mergePulled merges one identity with all of its credentials.
func mergePulled(cur *index.Identity, seen *kratosadmin.Identity, l look) *index.Identity {
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

// mergeDeleted merges Kratos' answer that there is no such identity. One that was
// deleted before keeps its time, and was looked at now.
func mergeDeleted(cur *index.Identity, l look) *index.Identity {
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

// merger brings one look at Kratos and the record so far together.
type merger struct {
	known bool // there was a record before
	next  *index.Identity
	asked time.Time
}

func newMerger(cur *index.Identity, id uuid.UUID, l look) *merger {
	m := &merger{known: cur != nil, next: cur.Clone(), asked: micros(l.asked)}
	if m.next == nil {
		m.next = &index.Identity{ID: id}
	}
	m.next.DeletedAt = time.Time{}
	return m
}

func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// handle answers the record's own entry for a handle, made where it is missing.
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

// showKeys notes which credentials of a kind are live and answers the positions
// of those that were not known before.
func (m *merger) showKeys(kind index.Kind, keys []userhandle.Digest) (fresh []int) {
	for i := range m.next.Credentials {
		if c := &m.next.Credentials[i]; c.Kind == kind {
			c.Live = slices.Contains(keys, c.Digest)
		}
	}
	for n, d := range keys {
		if _, known := m.next.Credential(d); !known {
			m.next.Credentials = append(m.next.Credentials, index.Credential{Digest: d, Kind: kind, Live: true})
			fresh = append(fresh, n)
		}
	}
	return fresh
}

// pair notes the handle that a credential was registered with.
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
