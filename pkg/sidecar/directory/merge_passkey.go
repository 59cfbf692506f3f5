package directory

import (
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Every passkey is registered with its own user handle. Kratos lists all handles of
// an identity until its last passkey is removed, and does not store which key belongs
// to which handle (selfservice/strategy/passkey/passkey_settings.go at v1.3.1). The
// key of a listed handle may have been removed, so its state is inferred from the
// numbers of handles and keys and from earlier observations.

// passkeysListed merges user handles without their keys. A single handle has its
// key, because the removal of the last key removes the list. If there are several, a
// new one may have lost its key already.
func (m *merger) passkeysListed(listed []userhandle.Digest) {
	for _, d := range listed {
		if h := m.handle(d, index.Passkey); len(listed) == 1 {
			h.State = index.Active
		}
	}
	m.removeUnlisted(index.Passkey, listed)
	for i := range m.next.Credentials {
		// The handle is not listed any more, so the list was reset since.
		c := &m.next.Credentials[i]
		if c.Kind == index.Passkey && (len(listed) == 0 || !c.Handle.IsZero() && !slices.Contains(listed, c.Handle)) {
			c.Live = false
		}
	}
}

// passkeysPulled merges handles and keys.
func (m *merger) passkeysPulled(c *kratosadmin.Credentials) {
	keys := keyDigests(c)
	var listed []userhandle.Digest
	if len(keys) > 0 {
		listed = identifiers(c)
	}
	added := m.mergeKeys(index.Passkey, keys)
	var before, since group // relative to the last pull; without one, everything is new
	for _, d := range listed {
		h := m.handle(d, index.Passkey)
		switch live, known := m.keyOf(d); {
		case live:
			h.State = index.Active
		case known:
			h.State = index.Removed
		case h.State == index.Removed && len(keys) < len(listed):
			// It stays removed, unless there are as many keys as handles.
		case !h.Pulled:
			since.handles = append(since.handles, d)
		default:
			before.handles = append(before.handles, d)
		}
		h.Pulled = true
	}
	m.removeUnlisted(index.Passkey, listed)
	for n, d := range keys {
		if c, _ := m.next.Credential(d); !c.Handle.IsZero() {
			continue
		}
		if slices.Contains(added, n) {
			since.keys = append(since.keys, d)
		} else {
			before.keys = append(before.keys, d)
		}
	}
	m.inferStates(before, listed, keys, c)
	m.inferStates(since, listed, keys, c)
}

// group is a set of unpaired handles and a set of unpaired keys such that the handle
// of each key is in the set: a key that appeared since the last pull was registered
// with a handle that appeared since then.
type group struct{ handles, keys []userhandle.Digest }

// inferStates sets the state of a group's handles, and pairs keys with handles if
// that is unambiguous.
func (m *merger) inferStates(g group, listed, keys []userhandle.Digest, c *kratosadmin.Credentials) {
	if len(g.handles) == 0 {
		return
	}
	state := index.Unknown
	switch {
	case len(keys) == len(listed):
		state = index.Active // every handle has its key, even one marked as removed: a backup was restored
	case len(g.keys) == 0:
		state = index.Removed
	case len(g.keys) == len(g.handles), len(listed) == 1:
		state = index.Active
	}
	for _, d := range g.handles {
		m.handle(d, index.Passkey).State = state
	}
	if state != index.Active {
		return
	}
	// Every handle of this group has its key. Keys are in order of registration, so the
	// last one belongs to the handle of the newest registration.
	newest, last := userhandle.DigestOf(c.Config.UserHandle), keys[len(keys)-1]
	if slices.Contains(g.handles, newest) && slices.Contains(g.keys, last) {
		m.pair(last, newest)
		g.handles = slices.DeleteFunc(g.handles, func(d userhandle.Digest) bool { return d == newest })
		g.keys = slices.DeleteFunc(g.keys, func(d userhandle.Digest) bool { return d == last })
	}
	if len(g.handles) == 1 && len(g.keys) == 1 {
		m.pair(g.keys[0], g.handles[0])
	}
}

// keyOf reports whether the key of a handle is known, and whether it is live.
func (m *merger) keyOf(handle userhandle.Digest) (live, known bool) {
	for _, c := range m.next.Credentials {
		if c.Handle == handle {
			known = true
			live = live || c.Live
		}
	}
	return live, known
}
