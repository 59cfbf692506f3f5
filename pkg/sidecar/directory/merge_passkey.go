package directory

import (
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Every passkey is registered with a handle of its own, and Kratos lists all of
// an identity's handles until its last passkey goes; which key belongs to which
// handle it keeps nowhere (selfservice/strategy/passkey/passkey_settings.go at
// v1.3.1). So a handle on the list may have lost its key, and what stands behind
// it follows from counting, and from what earlier looks have shown.

// passkeysListed merges handles without their keys. One handle alone has its
// key, because the last removal takes the list away; behind one of several
// that is new here there may be none.
func (m *merger) passkeysListed(listed []userhandle.Digest) {
	for _, d := range listed {
		if h := m.handle(d, index.Passkey); len(listed) == 1 {
			h.State = index.Active
		}
	}
	m.removeUnlisted(index.Passkey, listed)
	for i := range m.next.Credentials {
		// A pair whose handle is gone was registered before the last removal.
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
	fresh := m.showKeys(index.Passkey, keys)
	var before, since group // the last pull; where there was none all is new
	for _, d := range listed {
		h := m.handle(d, index.Passkey)
		switch live, known := m.keyOf(d); {
		case live:
			h.State = index.Active
		case known:
			h.State = index.Removed
		case h.State == index.Removed && len(keys) < len(listed):
			// It stays removed; with as many keys as handles none can be.
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
		if slices.Contains(fresh, n) {
			since.keys = append(since.keys, d)
		} else {
			before.keys = append(before.keys, d)
		}
	}
	m.settle(before, listed, keys, c)
	m.settle(since, listed, keys, c)
}

// group is a set of handles and a set of keys, none of them paired yet, such
// that the handle of each of the keys is among the handles: a key that appeared
// since the last pull was registered with a handle that appeared since then.
type group struct{ handles, keys []userhandle.Digest }

// settle gives the handles of a group the state that follows from counting.
func (m *merger) settle(g group, listed, keys []userhandle.Digest, c *kratosadmin.Credentials) {
	if len(g.handles) == 0 {
		return
	}
	state := index.Unknown
	switch {
	case len(keys) == len(listed):
		state = index.Active // none has lost its key, not even one that once had: a backup came back
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
	// No handle of this group has lost its key, so the newest registration's
	// key is there as well, and keys are in the order of their registration.
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

// keyOf tells whether the key of a handle is known, and whether it is live.
func (m *merger) keyOf(handle userhandle.Digest) (live, known bool) {
	for _, c := range m.next.Credentials {
		if c.Handle == handle {
			known = true
			live = live || c.Live
		}
	}
	return live, known
}
