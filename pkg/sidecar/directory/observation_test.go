package directory

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// inOrder registers identities with one passkey each, and returns the keys in the
// order of the list.
func (w *world) inOrder(n int) []fakekey {
	keys := make([]fakekey, n)
	for i := range keys {
		keys[i] = w.kratos.register("passkey")
	}
	slices.SortFunc(keys, func(a, b fakekey) int { return bytes.Compare(a.owner[:], b.owner[:]) })
	return keys
}

// exchange removes a key, the last one of its identity, and registers another.
func (w *world) exchange(k fakekey) fakekey {
	w.kratos.remove(k)
	return w.kratos.add(k.owner, k.method)
}

// TestNewerLookCountsInBuild: pages take ten seconds to arrive, and several are
// one batch. What a pull has shown since the first of them was asked for is newer
// than they are, what it showed before is older.
func TestNewerLookCountsInBuild(t *testing.T) {
	for _, loads := range []bool{false, true} {
		t.Run(fmt.Sprintf("loads %t", loads), func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.kratos.page = 2
				keys := w.inOrder(3)
				store := newFaultyStore()
				w.store = store
				w.remember(keys[2].owner)
				added := []fakekey{2: w.exchange(keys[2])}
				w.wait(time.Second)

				late := &lateKratos{fakekratos: w.kratos}
				late.page.Store(int64(10 * time.Second))
				w.startOn(store.as(loads), func(o *Options) { o.Kratos = late })
				for n := range 2 { // while the first page travels, and while the second does
					w.wait(5 * time.Second)
					added[n] = w.exchange(keys[n])
					w.hook(keys[n].owner, index.FlowLogin)
					w.wait(5 * time.Second)
				}
				w.wait(time.Minute)
				require.Contains(w.t, w.log.String(), "index is complete")
				for n := range keys {
					w.requireOwner(added[n], index.Active)
					if n < 2 {
						w.requireError(keys[n], ErrUnknown)
					} else {
						w.requireError(keys[n], ErrRemoved)
					}
				}
			})
		})
	}
}

// TestNewerLookCountsInSweep: a page that takes long to arrive does not undo what
// was pulled meanwhile, and corrects what was pulled before.
func TestNewerLookCountsInSweep(t *testing.T) {
	inBubble(t, func(w *world) {
		keys := w.inOrder(3)
		late := &lateKratos{fakekratos: w.kratos}
		w.start(func(o *Options) { o.Kratos = late })
		w.hook(keys[0].owner, index.FlowLogin)
		w.wait(time.Second)
		before := w.exchange(keys[0])
		gone := keys[2]
		w.kratos.delete(gone.owner)
		late.page.Store(int64(10 * time.Second))
		require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
		w.wait(5 * time.Second)
		meanwhile := w.exchange(keys[1])
		w.hook(keys[1].owner, index.FlowLogin)
		born := w.kratos.register("passkey")
		w.hook(born.owner, index.FlowRegistration)
		w.wait(time.Minute)
		w.requireOwner(before, index.Active)
		w.requireError(keys[0], ErrRemoved)
		w.requireOwner(meanwhile, index.Active)
		w.requireError(keys[1], ErrRemoved)
		w.requireOwner(born, index.Active)
		w.requireError(gone, ErrRemoved)
		require.Equal(w.t, 4, w.kratos.pulled(), "three hooks, and the one who is gone")
	})
}

// TestNewerLookCountsInPulls: two pulls of one identity whose responses arrive in
// another order than that of the requests.
func TestNewerLookCountsInPulls(t *testing.T) {
	inBubble(t, func(w *world) {
		old := w.kratos.register("passkey")
		late := &lateKratos{fakekratos: w.kratos}
		w.start(func(o *Options) { o.Kratos = late })
		late.identity.Store(int64(5 * time.Second))
		first := make(chan bool, 1)
		go func() {
			_, changed, err := w.d.Refresh(w.t.Context(), old.owner)
			first <- changed && err == nil
		}()
		synctest.Wait()
		w.wait(time.Second)
		added := w.exchange(old)
		late.identity.Store(0)
		_, changed, err := w.d.Refresh(w.t.Context(), old.owner)
		require.NoError(w.t, err)
		require.True(w.t, changed)
		require.False(w.t, <-first, "its answer is older, and tells nothing")
		w.requireOwner(added, index.Active)
		w.requireError(old, ErrRemoved)
	})
}

// TestNewerLookCountsWhileStoring: what Kratos has answered waits for the store,
// while a newer pull is stored. It does not undo that one.
func TestNewerLookCountsWhileStoring(t *testing.T) {
	for name, tc := range map[string]struct {
		loads  bool
		method string // that is slow
		again  func(w *world, owner uuid.UUID) error
	}{
		"a page of a build":      {false, "Update", nil},
		"a page of a first load": {true, "Load", nil},
		"a page of a sweep":      {false, "Update", func(w *world, _ uuid.UUID) error { return w.d.Reconcile(w.t.Context(), 0) }},
		"another pull": {false, "Update", func(w *world, owner uuid.UUID) error {
			_, _, err := w.d.Refresh(w.t.Context(), owner)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				old, store := w.kratos.register("passkey"), newFaultyStore()
				w.store = store
				var added fakekey
				slow := func() {
					at := store.called(tc.method) + 1
					store.before = func(method string, call int) {
						if method != tc.method || call != at {
							return
						}
						w.wait(100 * time.Millisecond)
						added = w.exchange(old)
						w.hook(old.owner, index.FlowSettings)
						w.wait(100 * time.Millisecond)
					}
				}
				if tc.again == nil {
					slow()
				}
				w.startOn(store.as(tc.loads))
				if tc.again != nil {
					slow()
					require.NoError(w.t, tc.again(w, old.owner))
				}
				w.wait(time.Minute)
				require.NotEmpty(w.t, added.handle)
				w.requireOwner(added, index.Active)
			})
		})
	}
}

// TestOutdated: a record that shows a later look stays, also by the clock of another
// server, which may be a little ahead. One from the future does not.
func TestOutdated(t *testing.T) {
	asked, now := mergeTime, mergeTime.Add(time.Second)
	d := &Directory{maxAge: time.Hour}
	for _, tc := range []struct {
		seen           time.Time
		outdated, aged bool
	}{
		{asked.Add(-2 * time.Hour), false, true},
		{asked, false, false},
		{asked.Add(time.Microsecond), true, false},
		{now, true, false},
		{now.Add(50 * time.Millisecond), true, false},
		{now.Add(50*time.Millisecond + time.Microsecond), false, true},
	} {
		require.Equal(t, tc.outdated, observation{asked, now}.outdated(&index.Identity{SeenAt: tc.seen}), tc.seen)
		require.Equal(t, tc.aged, d.stale(tc.seen, now), tc.seen)
	}
	require.False(t, observation{asked, now}.outdated(nil))
}

// TestErasedStaysErased: neither a page nor a pull that was asked for before the
// identity was deleted brings it back, or undoes what is known of it since.
func TestErasedStaysErased(t *testing.T) {
	for name, back := range map[string]bool{"erased": false, "erased and back": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				keys := w.inOrder(2)
				late := &lateKratos{fakekratos: w.kratos}
				w.start(func(o *Options) { o.Kratos = late })
				w.wait(time.Minute)
				late.page.Store(int64(2 * time.Second))
				require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
				late.identity.Store(int64(2 * time.Second))
				require.NoError(w.t, w.d.Notify(w.t.Context(), keys[1].owner, index.FlowLogin))
				w.wait(time.Second)
				late.identity.Store(0)
				for _, k := range keys {
					before, err := w.store.Identity(w.t.Context(), k.owner)
					require.NoError(w.t, err)
					w.kratos.delete(k.owner)
					require.NoError(w.t, w.d.Erase(w.t.Context(), k.owner))
					if back {
						before.SeenAt = time.Now()
						_, err := w.store.Update(w.t.Context(), []uuid.UUID{k.owner}, func(uuid.UUID, *index.Identity) *index.Identity { return before })
						require.NoError(w.t, err)
					}
				}
				w.wait(time.Second + time.Millisecond)
				for _, k := range keys {
					if back {
						w.requireOwner(k, index.Active)
					} else {
						w.requireError(k, ErrUnknown)
					}
				}
			})
		})
	}
}

// TestErasedBeforeItWasStored: a build that read an identity before the erase does
// not store it afterwards.
func TestErasedBeforeItWasStored(t *testing.T) {
	inBubble(t, func(w *world) {
		late := &lateKratos{fakekratos: w.kratos}
		k := w.kratos.register("passkey")
		late.page.Store(int64(5 * time.Second))
		w.start(func(o *Options) { o.Kratos = late })
		w.wait(6 * time.Second)
		w.kratos.delete(k.owner)
		require.NoError(w.t, w.d.Erase(w.t.Context(), k.owner))
		w.wait(10 * time.Second)
		kept, err := w.store.Identity(w.t.Context(), k.owner)
		require.NoError(w.t, err)
		require.Nil(w.t, kept)
	})
}

// TestErasedElsewhere: a response that another server was still waiting for restores
// an erased identity for a minute at most.
func TestErasedElsewhere(t *testing.T) {
	inBubble(t, func(w *world) {
		shared, late := share(w.store), &lateKratos{fakekratos: w.kratos}
		k := w.kratos.register("passkey")
		w.startOn(shared, func(o *Options) { o.Kratos = late })
		other := &world{t: w.t, kratos: w.kratos, store: w.store, log: &said{}}
		other.startOn(shared)
		w.wait(time.Minute)
		late.page.Store(int64(5 * time.Second))
		require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
		w.wait(time.Second)
		w.kratos.delete(k.owner)
		require.NoError(w.t, other.d.Erase(w.t.Context(), k.owner))
		w.wait(10 * time.Second)
		kept := func() *index.Identity {
			found, err := w.store.Identity(w.t.Context(), k.owner)
			require.NoError(w.t, err)
			return found
		}
		require.NotNil(w.t, kept())
		w.wait(time.Minute)
		require.Nil(w.t, kept())
	})
}

// TestErasedThoughSeenAMomentAgo by another server, whose clock is a little ahead.
func TestErasedThoughSeenAMomentAgo(t *testing.T) {
	inBubble(t, func(w *world) {
		shared := share(w.store)
		k := w.kratos.register("passkey")
		w.startOn(shared)
		other := &world{t: w.t, kratos: w.kratos, store: w.store, log: &said{}}
		other.startOn(shared, later(maxRTT)) // as little as nothing
		w.wait(time.Minute)
		other.hook(k.owner, index.FlowSettings)
		w.wait(5 * time.Millisecond)
		w.kratos.delete(k.owner)
		require.NoError(w.t, w.d.Erase(w.t.Context(), k.owner))
		kept, err := w.store.Identity(w.t.Context(), k.owner)
		require.NoError(w.t, err)
		require.Nil(w.t, kept)
	})
}

// TestErasedIsBounded: the list of erased identities is cleared if it gets too long.
func TestErasedIsBounded(t *testing.T) {
	var e erased
	for n := range 10_001 {
		require.Len(t, e.at, n)
		e.add(uuid.UUID{1, byte(n >> 8), byte(n)}, mergeTime)
	}
	require.Len(t, e.at, 1)
}
