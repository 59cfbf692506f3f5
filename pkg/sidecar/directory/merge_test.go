package directory

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// watched is an identity of a fakekratos and its record, which is updated only when
// a case asks for it.
type watched struct {
	t      *testing.T
	clock  time.Time
	kratos *fakekratos
	record *index.Identity
	keys   map[string]fakekey
}

func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{t: t, clock: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), keys: map[string]fakekey{}}
	w.kratos = newFakekratos(func() time.Time { return w.clock })
	return w
}

// later lets a minute pass.
func (w *watched) later() { w.clock = w.clock.Add(time.Minute) }

func (w *watched) signUp(name, method string) {
	w.keys[name] = w.kratos.register(method)
	w.later()
}

func (w *watched) add(name, to, method string) {
	w.keys[name] = w.kratos.add(w.keys[to].owner, method)
	w.later()
}

func (w *watched) remove(name string) {
	w.kratos.remove(w.keys[name])
	w.later()
}

func (w *watched) list() {
	w.t.Helper()
	page, err := w.kratos.List(w.t.Context(), "")
	require.NoError(w.t, err)
	require.Len(w.t, page.Identities, 1)
	w.record = mergeListed(w.record, page.Identities[0], observation{w.clock, w.clock})
	w.later()
}

func (w *watched) pull() {
	w.t.Helper()
	for id := range w.kratos.people {
		i, err := w.kratos.Identity(w.t.Context(), id)
		require.NoError(w.t, err)
		w.record = mergePulled(w.record, i, observation{w.clock, w.clock})
	}
	w.later()
}

// states returns the state and credential_matches of each key, such as
// "active/true", or "-" for a handle that the record does not have.
func (w *watched) states() map[string]string {
	states := map[string]string{}
	for name, k := range w.keys {
		o, ok := w.record.Owner(userhandle.DigestOf(k.handle))
		if !ok {
			states[name] = "-"
			continue
		}
		matched := "null"
		if m := matches(&o, k.id, false); m != nil {
			matched = map[bool]string{true: "true", false: "false"}[*m]
		}
		states[name] = o.State.String() + "/" + matched
	}
	return states
}

func TestMerge(t *testing.T) {
	type want map[string]string
	for _, tc := range []struct {
		name string
		do   func(w *watched)
		want want
	}{
		{"a passkey on the list", func(w *watched) {
			w.signUp("a", "passkey")
			w.list()
		}, want{"a": "active/null"}},
		{"a passkey pulled", func(w *watched) {
			w.signUp("a", "passkey")
			w.pull()
		}, want{"a": "active/true"}},
		{"two passkeys on the list: one may be gone", func(w *watched) {
			w.signUp("a", "passkey")
			w.add("b", "a", "passkey")
			w.list()
		}, want{"a": "unknown/null", "b": "unknown/null"}},
		{"two passkeys at first sight", func(w *watched) {
			w.signUp("a", "passkey")
			w.add("b", "a", "passkey")
			w.pull()
		}, want{"a": "active/true", "b": "active/true"}},
		{"three passkeys at first sight: all are there", func(w *watched) {
			w.signUp("a", "passkey")
			w.add("b", "a", "passkey")
			w.add("c", "a", "passkey")
			w.pull()
		}, want{"a": "active/true", "b": "active/true", "c": "active/true"}},
		{"one of two that were paired goes", func(w *watched) {
			w.signUp("a", "passkey")
			w.add("b", "a", "passkey")
			w.pull()
			w.remove("a")
			w.pull()
		}, want{"a": "removed/false", "b": "active/true"}},
		{"one of three that were told apart only in part goes", func(w *watched) {
			w.signUp("a", "passkey")
			w.add("b", "a", "passkey")
			w.add("c", "a", "passkey")
			w.pull()
			w.remove("a")
			w.pull()
		}, want{"a": "unknown/false", "b": "unknown/true", "c": "active/true"}},
		{"a key added after such a loss is told apart", func(w *watched) {
			w.signUp("a", "passkey")
			w.add("b", "a", "passkey")
			w.add("c", "a", "passkey")
			w.pull()
			w.remove("a")
			w.pull()
			w.add("d", "b", "passkey")
			w.pull()
		}, want{"a": "unknown/false", "b": "unknown/true", "c": "active/true", "d": "active/true"}},
		{"and the rest of such a group goes", func(w *watched) {
			w.signUp("a", "passkey")
			w.add("b", "a", "passkey")
			w.add("c", "a", "passkey")
			w.pull()
			w.remove("a")
			w.remove("b")
			w.pull()
		}, want{"a": "removed/false", "b": "removed/false", "c": "active/true"}},
		{"a removal that nobody saw", func(w *watched) {
			w.signUp("a", "passkey")
			w.add("b", "a", "passkey")
			w.remove("b")
			w.pull()
		}, want{"a": "unknown/true", "b": "unknown/false"}},
		{"an addition and a removal between two pulls", func(w *watched) {
			w.signUp("a", "passkey")
			w.pull()
			w.add("b", "a", "passkey")
			w.remove("b")
			w.pull()
		}, want{"a": "active/true", "b": "removed/false"}},
		{"an exchange between two pulls", func(w *watched) {
			w.signUp("a", "passkey")
			w.pull()
			w.add("b", "a", "passkey")
			w.remove("a")
			w.pull()
		}, want{"a": "removed/false", "b": "active/true"}},
		{"two added and one of them removed between two pulls", func(w *watched) {
			w.signUp("a", "passkey")
			w.pull()
			w.add("b", "a", "passkey")
			w.add("c", "a", "passkey")
			w.remove("b")
			w.pull()
		}, want{"a": "active/true", "b": "unknown/false", "c": "unknown/true"}},
		{"two added between two pulls", func(w *watched) {
			w.signUp("a", "passkey")
			w.pull()
			w.add("b", "a", "passkey")
			w.add("c", "a", "passkey")
			w.pull()
		}, want{"a": "active/true", "b": "active/true", "c": "active/true"}},
		{"listed before its key was pulled", func(w *watched) {
			w.signUp("a", "passkey")
			w.pull()
			w.add("b", "a", "passkey")
			w.list()
			w.pull()
		}, want{"a": "active/true", "b": "active/true"}},
		{"a removed handle stays removed on the list", func(w *watched) {
			w.signUp("a", "passkey")
			w.add("b", "a", "passkey")
			w.pull()
			w.remove("b")
			w.pull()
			w.list()
		}, want{"a": "active/true", "b": "removed/false"}},
		{"the last passkey goes, by the list", func(w *watched) {
			w.signUp("a", "passkey")
			w.pull()
			w.remove("a")
			w.list()
		}, want{"a": "removed/false"}},
		{"the last passkey goes and another comes", func(w *watched) {
			w.signUp("a", "passkey")
			w.pull()
			w.remove("a")
			w.add("b", "a", "passkey")
			w.list()
			w.pull()
		}, want{"a": "removed/false", "b": "active/true"}},
		{"a webauthn key from registration", func(w *watched) {
			w.signUp("a", "webauthn")
			w.list()
		}, want{"a": "active/true"}},
		{"its handle is overwritten", func(w *watched) {
			w.signUp("a", "webauthn")
			w.list()
			w.add("b", "a", "webauthn")
			w.list()
		}, want{"a": "orphaned/true", "b": "active/true"}},
		{"it was overwritten before the first sight", func(w *watched) {
			w.signUp("a", "webauthn")
			w.add("b", "a", "webauthn")
			w.list()
		}, want{"a": "-", "b": "active/true"}},
		{"the orphan goes", func(w *watched) {
			w.signUp("a", "webauthn")
			w.list()
			w.add("b", "a", "webauthn")
			w.list()
			w.remove("a")
			w.list()
		}, want{"a": "removed/false", "b": "active/true"}},
		{"the orphan stays alone: kratos' handle has no key", func(w *watched) {
			w.signUp("a", "webauthn")
			w.list()
			w.add("b", "a", "webauthn")
			w.list()
			w.remove("b")
			w.list()
		}, want{"a": "orphaned/true", "b": "removed/false"}},
		{"the orphan stays alone, and its handle was never seen", func(w *watched) {
			w.signUp("a", "webauthn")
			w.add("b", "a", "webauthn")
			w.remove("b")
			w.list()
		}, want{"a": "-", "b": "unknown/null"}},
		{"one of several keys with the identity's id goes", func(w *watched) {
			w.signUp("", "")
			w.add("a", "", "webauthn")
			w.add("b", "a", "webauthn")
			w.list()
			w.remove("a")
			w.list()
			delete(w.keys, "")
		}, want{"a": "active/false", "b": "active/true"}},
		{"all webauthn keys go", func(w *watched) {
			w.signUp("a", "webauthn")
			w.list()
			w.add("b", "a", "webauthn")
			w.remove("a")
			w.remove("b")
			w.list()
		}, want{"a": "removed/false", "b": "-"}},
		{"both methods", func(w *watched) {
			w.signUp("a", "webauthn")
			w.pull()
			w.add("b", "a", "passkey")
			w.add("c", "a", "webauthn")
			w.pull()
		}, want{"a": "orphaned/true", "b": "active/true", "c": "active/true"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := watch(t)
			tc.do(w)
			require.Equal(t, map[string]string(tc.want), w.states())
			before := w.record.Clone()
			w.list()
			require.Equal(t, before, w.record, "listing once more changes nothing")
		})
	}
}

func TestMergeForgetsNobodyWithoutHandles(t *testing.T) {
	w := watch(t)
	w.signUp("a", "")
	w.list()
	require.Nil(t, w.record, "no record of people without handles")
	w.pull()
	require.Nil(t, w.record)
}

func TestMergeDeleted(t *testing.T) {
	w := watch(t)
	w.signUp("a", "passkey")
	w.pull()
	w.record = mergeDeleted(w.record, observation{w.clock, w.clock})
	require.Equal(t, map[string]string{"a": "removed/false"}, w.states())
	w.later()
	w.list() // it was restored from a backup
	require.Equal(t, map[string]string{"a": "active/true"}, w.states())
	require.Nil(t, mergeDeleted(nil, observation{w.clock, w.clock}))
}

// TestMergeOutdated merges responses in another order than that of the requests.
func TestMergeOutdated(t *testing.T) {
	w := watch(t)
	w.signUp("a", "passkey")
	asked := w.clock
	page, err := w.kratos.List(t.Context(), "")
	require.NoError(t, err)
	old, err := w.kratos.Identity(t.Context(), w.keys["a"].owner)
	require.NoError(t, err)
	w.later()
	w.add("b", "a", "passkey")
	w.pull()
	newer := w.record.Clone()
	for name, merged := range map[string]*index.Identity{
		"list":    mergeListed(w.record.Clone(), page.Identities[0], observation{asked, w.clock}),
		"pull":    mergePulled(w.record.Clone(), old, observation{asked, w.clock}),
		"deleted": mergeDeleted(w.record.Clone(), observation{asked, w.clock}),
	} {
		require.Equal(t, newer, merged, name)
	}
	// After the clock was set back by an hour, answers count again.
	back := w.clock.Add(-time.Hour)
	merged := mergeDeleted(w.record.Clone(), observation{back, back})
	require.False(t, merged.DeletedAt.IsZero())
}

// TestMergeImported merges keys that share a handle, as no flow makes them.
func TestMergeImported(t *testing.T) {
	w := watch(t)
	w.signUp("a", "passkey")
	k := w.keys["a"]
	p := w.kratos.people[k.owner]
	p.Passkey.Config.Keys = append(p.Passkey.Config.Keys, kratosadmin.Key{ID: []byte("second")})
	w.pull()
	require.Equal(t, map[string]string{"a": "active/true"}, w.states())
}
