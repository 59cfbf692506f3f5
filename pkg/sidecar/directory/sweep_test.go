package directory

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

func TestSweepFindsWhatNoHookTold(t *testing.T) {
	inBubble(t, func(w *world) {
		w.kratos.page = 2
		kept, deleted := w.kratos.register("passkey"), w.kratos.register("passkey")
		for range 5 {
			w.kratos.register("webauthn")
		}
		w.start()
		w.kratos.delete(deleted.owner)
		lost := w.kratos.register("passkey")
		second := w.kratos.add(kept.owner, "passkey")
		w.wait(5*time.Hour + 59*time.Minute)
		w.requireOwner(deleted, index.Active)
		w.requireError(lost, ErrUnknown)
		w.wait(2 * time.Minute)
		w.requireError(deleted, ErrRemoved)
		w.requireOwner(lost, index.Active)
		w.requireOwner(second, index.Active)
		w.requireOwner(kept, index.Active)
		a, err := w.ask(lost)
		require.NoError(w.t, err)
		require.WithinDuration(w.t, time.Now(), a.ConfirmedAt, 2*time.Minute)

		removed := query(deleted)
		removed.AllowRemoved = true
		found, err := w.d.Resolve(w.t.Context(), removed)
		require.NoError(w.t, err)
		require.Equal(w.t, deleted.owner, found.IdentityID)
		require.Equal(w.t, index.Removed, found.State)

		w.wait(31 * 24 * time.Hour)
		w.requireError(deleted, ErrUnknown)
	})
}

// TestSweepStops: a sweep stops if Kratos has lost most of its identities.
func TestSweepStops(t *testing.T) {
	inBubble(t, func(w *world) {
		w.kratos.page = 10
		var keys []fakekey
		for range 150 {
			keys = append(keys, w.kratos.register("passkey"))
		}
		w.start()
		for _, k := range keys[:101] {
			w.kratos.delete(k.owner)
		}
		w.wait(7 * time.Hour)
		w.requireOwner(keys[0], index.Active)
		require.Contains(w.t, w.log.String(), "too many identities would be deleted: Kratos does not list 101 of the 150 identities in the index")
		st, err := w.d.Status(w.t.Context())
		require.NoError(w.t, err)
		require.Equal(w.t, 101, st.Meta.Missing)

		require.NoError(w.t, w.d.Reconcile(w.t.Context(), 100))
		w.wait(time.Minute)
		w.requireOwner(keys[0], index.Active)
		require.Zero(w.t, w.meta(w.store).Accept, "it was accepted for one sweep")
		require.NoError(w.t, w.d.Reconcile(w.t.Context(), 101))
		w.wait(time.Minute)
		w.requireError(keys[0], ErrRemoved)
		w.requireOwner(keys[101], index.Active)
		st, err = w.d.Status(w.t.Context())
		require.NoError(w.t, err)
		require.Zero(w.t, st.Meta.Missing)
		require.Zero(w.t, st.Meta.Accept, "what was accepted once is not accepted again")
		require.Equal(w.t, index.Stats{Identities: 150, Deleted: 101, Active: 49, Removed: 101}, st.Stats)
	})
}

func TestSweepRemovesFew(t *testing.T) {
	inBubble(t, func(w *world) {
		var keys []fakekey
		for range 150 {
			keys = append(keys, w.kratos.register("passkey"))
		}
		w.start()
		for _, k := range keys[:100] {
			w.kratos.delete(k.owner)
		}
		w.wait(7 * time.Hour)
		w.requireError(keys[0], ErrRemoved)
		w.requireOwner(keys[100], index.Active)
	})
}

// TestListIsNotProof: each identity that is missing on the list is pulled.
func TestListIsNotProof(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		s := sweeper{d: w.d}
		require.NoError(w.t, s.compare(w.t.Context(), &kratosadmin.Page{}, time.Now().Add(time.Second)))
		deleted, err := s.confirm(w.t.Context())
		require.NoError(w.t, err)
		require.Zero(w.t, deleted)
		w.requireOwner(k, index.Active)
	})
}

// TestSweepPaces: it reads for half of the time at most, and rests for a minute
// at most; after the last page there is nothing to rest for.
func TestSweepPaces(t *testing.T) {
	for _, tc := range []struct{ page, takes time.Duration }{
		{time.Second, 5 * time.Second},
		{time.Minute, 5 * time.Minute},
		{2 * time.Minute, 8 * time.Minute},
	} {
		t.Run(tc.page.String(), func(t *testing.T) {
			inBubble(t, func(w *world) {
				people := &crowd{total: 3, page: 1}
				w.start(func(o *Options) { o.Kratos = people })
				people.wait = tc.page
				w.wait(time.Hour)
				require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
				began := time.Now().UTC()
				w.wait(time.Hour)
				m := w.meta(w.store)
				require.Equal(w.t, began, m.SweepStartedAt)
				require.Equal(w.t, began.Add(tc.takes), m.SweepEndedAt)
				require.Len(w.t, w.log.lines("sweep is complete"), 1)

				people.tokens()
				require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
				w.wait(tc.page + time.Second/2)
				require.NoError(w.t, w.stop())
				require.Equal(w.t, []string{""}, people.tokens(), "whoever is stopped while he rests reads no more")
			})
		})
	}
}

// TestSweepFailsAndGoesOn: whatever fails, the sweep is not complete, no identity is
// marked as deleted, and the sweep is retried.
func TestSweepFailsAndGoesOn(t *testing.T) {
	for name, tc := range map[string]struct {
		method string
		nth    int // call since the sweep began
		said   string
	}{
		"a page's merge":            {"Update", 1, "store a page: the disk is full"},
		"a look at the index":       {"After", 1, "the disk is full"},
		"another look":              {"After", 3, "the disk is full"},
		"forgetting a tombstone":    {"Update", 2, "the disk is full"},
		"a deletion":                {"Update", 4, "the disk is full"},
		"the end":                   {"UpdateMeta", 1, "the disk is full"},
		"kratos, for one it misses": {"", 0, "kratos is down"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				store := newFaultyStore()
				w.store = store
				w.kratos.page = 2
				keys := w.inOrder(6)
				w.start(func(o *Options) { o.ReconcileEvery = 10000 * time.Hour })
				w.kratos.delete(keys[0].owner)
				_, _, err := w.d.Refresh(w.t.Context(), keys[0].owner)
				require.NoError(w.t, err)
				w.wait(30*24*time.Hour + 1)
				w.kratos.delete(keys[2].owner)
				swept := w.meta(store).SweepStartedAt

				if tc.method == "" {
					w.kratos.setFailures(errDown, nil)
				} else {
					store.failCall(tc.method, store.called(tc.method)+tc.nth)
				}
				if tc.method == "UpdateMeta" {
					w.d.sweepNow <- struct{}{} // a question would be noted
				} else {
					require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
				}
				w.wait(time.Millisecond)
				require.Equal(w.t, swept, w.meta(store).SweepStartedAt)
				said := w.log.lines("cannot list identities; retrying")
				require.Len(w.t, said, 1)
				require.Contains(w.t, said[0], tc.said)
				require.Empty(w.t, w.log.lines("sweep is complete"))

				w.kratos.setFailure(nil)
				w.wait(time.Minute)
				require.True(w.t, w.meta(store).SweepStartedAt.After(swept))
				w.requireError(keys[0], ErrUnknown)
				w.requireOwner(keys[1], index.Active)
				w.requireError(keys[2], ErrRemoved)
				w.requireOwner(keys[5], index.Active)
				require.Len(w.t, w.log.lines("sweep is complete"), 1)
			})
		})
	}
}

// TestSweepAsksOnlyForTheMissing: whatever the page sizes of the list and of the
// index, each page of the list covers its part of the index, up to its last id.
func TestSweepAsksOnlyForTheMissing(t *testing.T) {
	for _, tc := range []struct {
		page    int
		deleted []int // of nine in the order of their ids
	}{
		{500, nil},
		{3, nil},
		{1, []int{0}},
		{3, []int{2, 3}},
		{3, []int{8}},
		{2, []int{1, 2, 3, 4, 5, 6}}, // more than a page
		{9, []int{0, 1, 2, 3, 4, 5, 6, 7}},
	} {
		t.Run(fmt.Sprint(tc), func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.kratos.page = tc.page
				keys := w.inOrder(9)
				w.start()
				var gone []uuid.UUID
				for _, n := range tc.deleted {
					w.kratos.delete(keys[n].owner)
					gone = append(gone, keys[n].owner)
				}
				require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
				w.wait(time.Minute)
				require.Equal(w.t, gone, w.kratos.pulls)
				require.Equal(w.t,
					[]string{fmt.Sprintf(`msg="sweep is complete" identities_listed=%d deleted=%d`, 9-len(gone), len(gone))},
					w.log.lines("sweep is complete"))
				for n, k := range keys {
					if slices.Contains(tc.deleted, n) {
						w.requireError(k, ErrRemoved)
					} else {
						w.requireOwner(k, index.Active)
					}
				}
			})
		})
	}
}

// TestListAsksForPulls: identities about which the list is not sufficient are pulled
// once.
func TestListAsksForPulls(t *testing.T) {
	inBubble(t, func(w *world) {
		one := w.kratos.register("passkey")
		two := w.kratos.register("passkey")
		w.kratos.add(two.owner, "passkey")
		w.start()
		require.Equal(w.t, []uuid.UUID{two.owner}, w.kratos.pulls)
		w.requireOwner(one, index.Active)
		w.requireOwner(two, index.Active)
	})
}

// TestSweepAsksWhatIsAccepted: a sweep reads the accepted number from the store, and
// marks no identity as deleted if that fails.
func TestSweepAsksWhatIsAccepted(t *testing.T) {
	inBubble(t, func(w *world) {
		store := newFaultyStore()
		w.store = store
		keys := w.inOrder(2)
		w.start()
		w.kratos.delete(keys[0].owner)
		store.failCall("Meta", store.called("Meta")+2) // the first is before the sweep
		require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
		w.wait(time.Millisecond)
		require.Len(w.t, w.log.lines("cannot list identities; retrying"), 1)
		w.requireOwner(keys[0], index.Active)
		w.wait(time.Minute)
		w.requireError(keys[0], ErrRemoved)
	})
}
