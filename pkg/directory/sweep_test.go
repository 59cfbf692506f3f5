package directory

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
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

// TestSweepStops meets a Kratos that lost most of its people.
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
		require.Contains(w.t, w.log.String(), "too many identities are gone: kratos does not list 101 of the 150 identities of the index")
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

// TestListIsNotProof asks for each identity that the list missed.
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

// TestSweepFailsAndGoesOn: whatever fails, the sweep is not complete, nobody is
// forgotten, and it is tried again.
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
				broken := &brokenKratos{fakekratos: w.kratos}
				w.start(func(o *Options) { o.Kratos, o.ReconcileEvery = broken, 10000*time.Hour })
				w.kratos.delete(keys[0].owner)
				_, _, err := w.d.Refresh(w.t.Context(), keys[0].owner)
				require.NoError(w.t, err)
				w.wait(30*24*time.Hour + 1)
				w.kratos.delete(keys[2].owner)
				swept := w.meta(store).SweepStartedAt

				if tc.method == "" {
					broken.identity = errDown
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
				said := w.log.lines("cannot read the list of identities; trying again")
				require.Len(w.t, said, 1)
				require.Contains(w.t, said[0], tc.said)
				require.Empty(w.t, w.log.lines("sweep is complete"))

				broken.identity = nil
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

// TestSweepAsksOnlyForTheMissing, however the pages of the list and of the index
// lie: each page stands for its part of the index, up to its last id.
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

// TestSweepIsSuspicious of more than a hundred who are gone and more than one in
// a hundred, unless so many were accepted.
func TestSweepIsSuspicious(t *testing.T) {
	for _, tc := range []struct {
		gone, held, accept int
		stops              bool
	}{
		{100, 100, 0, false},
		{101, 101, 0, true},
		{101, 10_099, 0, true},
		{101, 10_100, 0, false},
		{101, 101, 100, true},
		{101, 101, 101, false},
		{101, 101, 102, false},
	} {
		t.Run(fmt.Sprint(tc), func(t *testing.T) {
			d := &Directory{}
			d.meta.Store(&index.Meta{Accept: tc.accept})
			_, err := (&sweeper{d: d, gone: tc.gone, held: tc.held}).confirm(t.Context())
			if tc.stops {
				require.ErrorIs(t, err, errManyDeleted)
				require.EqualError(t, err, fmt.Sprintf("too many identities are gone: kratos does not list %d of the %d identities of the index", tc.gone, tc.held))
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// TestSweepWeighs what it finds in the index: those whom the list misses are
// counted, and a deleted one is forgotten after thirty days.
func TestSweepWeighs(t *testing.T) {
	const month = 30 * 24 * time.Hour
	now := mergeTime.Add(100 * 24 * time.Hour)
	for name, tc := range map[string]struct {
		deleted              time.Duration // ago; 0: it is not
		listed               bool
		held, gone, remember int
	}{
		"listed":                           {0, true, 1, 0, 1},
		"not listed":                       {0, false, 1, 1, 1},
		"deleted thirty days ago":          {month, false, 0, 0, 1},
		"deleted longer ago":               {month + 1, false, 0, 0, 0},
		"deleted long ago and listed now":  {month + 1, true, 0, 0, 1},
		"deleted a moment ago, and listed": {1, true, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			store := memory.New()
			record := recordOf([]kept{{name: "A", kind: index.Passkey, state: index.Active}}, nil)
			if tc.deleted > 0 {
				record.DeletedAt = now.Add(-tc.deleted)
			}
			_, err := store.Update(t.Context(), []uuid.UUID{mergeID}, func(uuid.UUID, *index.Identity) *index.Identity { return record })
			require.NoError(t, err)
			s := sweeper{d: &Directory{store: store, now: func() time.Time { return now }}}
			require.NoError(t, s.weigh(t.Context(), record, tc.listed))
			require.Equal(t, []int{tc.held, tc.gone, tc.gone}, []int{s.held, s.gone, len(s.missing)})
			stats, err := store.Stats(t.Context())
			require.NoError(t, err)
			require.Equal(t, tc.remember, stats.Identities)
		})
	}
}

// TestSweepForgetsNobodyWhoCameBack while it looked at the record of before.
func TestSweepForgetsNobodyWhoCameBack(t *testing.T) {
	for name, current := range map[string]*index.Identity{
		"came back":     recordOf([]kept{{name: "A", kind: index.Passkey, state: index.Active}}, nil),
		"was forgotten": nil,
	} {
		t.Run(name, func(t *testing.T) {
			store := memory.New()
			_, err := store.Update(t.Context(), []uuid.UUID{mergeID}, func(uuid.UUID, *index.Identity) *index.Identity { return current })
			require.NoError(t, err)
			old := recordOf(nil, nil)
			old.DeletedAt = mergeTime
			s := sweeper{d: &Directory{store: store, now: time.Now}}
			require.NoError(t, s.weigh(t.Context(), old, false))
			got, err := store.Identity(t.Context(), mergeID)
			require.NoError(t, err)
			require.True(t, index.Equal(current, got))
		})
	}
}

// TestSweepIsBoundedInMemory: of more than a million who are missing the rest is
// left to the next sweep.
func TestSweepIsBoundedInMemory(t *testing.T) {
	s := sweeper{missing: make([]uuid.UUID, 999_999)}
	for range 3 {
		require.NoError(t, s.weigh(t.Context(), recordOf(nil, nil), false))
	}
	require.Len(t, s.missing, 1_000_000)
	require.Equal(t, 3, s.gone)
}

// TestListIsNotEnough where an identity has several passkeys, one of them new, or
// none looked at for a day.
func TestListIsNotEnough(t *testing.T) {
	handle := func(kind index.Kind, state index.State, pulled bool) index.Handle {
		return index.Handle{Kind: kind, State: state, Pulled: pulled}
	}
	p, w := index.Passkey, index.WebAuthn
	known, fresh := handle(p, index.Active, true), handle(p, index.Unknown, false)
	for name, tc := range map[string]struct {
		handles []index.Handle
		pulled  time.Duration // ago
		tells   bool
		enough  bool
	}{
		"nothing":                          {nil, 25 * time.Hour, true, true},
		"one":                              {[]index.Handle{fresh}, 25 * time.Hour, true, true},
		"one and a removed one":            {[]index.Handle{fresh, handle(p, index.Removed, true)}, 25 * time.Hour, true, true},
		"one and two of webauthn":          {[]index.Handle{fresh, handle(w, index.Active, false), handle(w, index.Unknown, false)}, 25 * time.Hour, true, true},
		"two, pulled today":                {[]index.Handle{known, known}, 24 * time.Hour, false, true},
		"two, pulled yesterday":            {[]index.Handle{known, known}, 24*time.Hour + 1, false, false},
		"a new one":                        {[]index.Handle{known, fresh}, time.Hour, false, false},
		"none can tell, though pulled":     {[]index.Handle{known, handle(p, index.Unknown, true)}, time.Hour, false, true},
		"an active one that is not pulled": {[]index.Handle{known, handle(p, index.Active, false)}, time.Hour, false, true},
		"a new one of webauthn":            {[]index.Handle{known, known, handle(w, index.Unknown, false)}, time.Hour, false, true},
	} {
		d := &Directory{maxAge: 24 * time.Hour}
		record := &index.Identity{Handles: tc.handles, PulledAt: mergeTime}
		require.Equal(t, tc.tells, listTellsPasskeys(record), name)
		require.Equal(t, !tc.enough, d.listIsNotEnough(record, mergeTime.Add(tc.pulled)), name)
	}
	require.False(t, (&Directory{}).listIsNotEnough(nil, mergeTime))
}

// TestListAsksForPulls of those about whom it does not tell enough, once.
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
