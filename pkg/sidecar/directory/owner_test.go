package directory

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// numbered returns ids at the front of the list, and last ids at its end.
func numbered(n byte) uuid.UUID { return uuid.UUID{14: 1, 15: n} }

func last(n byte) uuid.UUID {
	id := uuid.Max
	id[15] = n
	return id
}

// TestOwner: an index belongs to another Kratos if Kratos has none of the identities
// sampled from the front of the index and from seven other places, and the index has
// none of those on the first page of the list.
func TestOwner(t *testing.T) {
	many := func(n int, id func(byte) uuid.UUID) (ids []uuid.UUID) {
		for i := range n {
			ids = append(ids, id(byte(i)))
		}
		return ids
	}
	strangers := func(n int) (ids []uuid.UUID) { // before all others
		for i := range n {
			ids = append(ids, uuid.UUID{12: byte(i >> 8), 13: byte(i), 15: 1})
		}
		return ids
	}
	crowded := func(n int) (ids []uuid.UUID) { // all over the index
		for i := range n {
			ids = append(ids, uuid.UUID{byte(i * 65 >> 8), byte(i * 65), 1})
		}
		return ids
	}
	for name, tc := range map[string]struct {
		index   []uuid.UUID
		deleted []uuid.UUID // in the index, besides
		kratos  []uuid.UUID
		other   bool
		pulls   int // -1: not determined
	}{
		"an empty index":                       {nil, nil, many(3, last), false, 0},
		"an empty kratos":                      {nil, nil, nil, false, 0},
		"only deleted ones are known":          {nil, many(3, numbered), many(3, last), false, 0},
		"the first is there":                   {many(3, numbered), nil, many(1, numbered), false, 1},
		"the third is there":                   {many(3, numbered), nil, many(3, numbered)[2:], false, 3},
		"nobody is":                            {many(7, last), nil, many(7, numbered), true, 7},
		"nobody is, and nobody is listed":      {many(7, last), nil, nil, true, 7},
		"few are in the other places":          {append(many(8, numbered), many(3, last)...), nil, nil, true, 8 + 7*3},
		"each place is looked at once more":    {many(8, last), nil, nil, true, 64},
		"somebody came back from a backup":     {many(3, numbered), many(1, last), many(1, last), false, 3},
		"the last on the page came back":       {many(3, numbered), many(3, last)[2:], many(3, last), false, 3},
		"the front is gone, the rest is there": {append(many(8, numbered), crowded(1000)...), nil, append(strangers(500), crowded(1000)...), false, -1},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				for _, id := range append(tc.index, tc.deleted...) {
					w.kratos.people[id] = &kratosadmin.Identity{ID: id, Passkey: credentials("", []string{id.String()}, keys(id.String())...)}
					w.remember(id)
				}
				now := time.Now()
				_, err := w.store.Update(w.t.Context(), tc.deleted, func(_ uuid.UUID, cur *index.Identity) *index.Identity {
					return mergeDeleted(cur, observation{now, now})
				})
				require.NoError(w.t, err)
				kratos := newFakekratos(time.Now)
				for _, id := range tc.kratos {
					kratos.people[id] = &kratosadmin.Identity{ID: id}
				}
				d, err := New(w.t.Context(), Options{Store: w.store, Kratos: kratos, Log: slog.New(slog.DiscardHandler)})
				require.NoError(w.t, err)
				err = d.checkOwner(w.t.Context())
				if tc.other {
					require.EqualError(w.t, err, "index belongs to another Kratos: none of the sampled identities exist there; use another data directory, or empty this one if Kratos was replaced")
				} else {
					require.NoError(w.t, err)
				}
				if tc.pulls >= 0 {
					require.Equal(w.t, tc.pulls, kratos.pulled())
				}
			})
		})
	}
}

// TestOwnerCannotBeTold: a failure is not taken as a sign of another Kratos.
func TestOwnerCannotBeTold(t *testing.T) {
	for name, tc := range map[string]struct {
		known          bool // the index is not empty
		store          string
		identity, list error
		want           error
	}{
		"kratos' identities":            {true, "", errDown, nil, errDown},
		"kratos' list":                  {true, "", nil, errDown, errDown},
		"kratos' list, an empty index":  {false, "", nil, errDown, errDown},
		"the index's records":           {true, "After", nil, nil, errDisk},
		"the index's record of someone": {true, "Identity", nil, nil, errDisk},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				store := newFaultyStore()
				w.store = store
				if tc.known {
					gone := w.kratos.register("passkey")
					w.remember(gone.owner)
					w.kratos.delete(gone.owner)
				}
				w.kratos.register("passkey")
				store.failNext(tc.store, 1)
				w.kratos.setFailures(tc.identity, tc.list)
				d, err := New(w.t.Context(), Options{Store: store, Kratos: w.kratos, Log: slog.New(slog.DiscardHandler)})
				require.NoError(w.t, err)
				require.Equal(w.t, tc.want, d.checkOwner(w.t.Context()))
			})
		})
	}
}

// TestWaitsForKratos: until Kratos responds, nothing is pulled, built or swept. The
// request is retried after about 0.5 s, 1 s, 2 s and so on, and may then find another
// Kratos.
func TestWaitsForKratos(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.remember(k.owner)
		pulls := w.kratos.pulled()
		w.kratos.setFailure(errDown)
		w.start()
		for _, wait := range []time.Duration{249 * time.Millisecond, 251 * time.Millisecond} {
			require.Equal(w.t, pulls+1, w.kratos.pulled())
			w.wait(wait)
		}
		require.Equal(w.t, pulls+2, w.kratos.pulled())
		w.wait(time.Second)
		require.Equal(w.t, pulls+3, w.kratos.pulled())
		require.Len(w.t, w.log.lines("cannot reach Kratos; responding from the index"), 3)
		w.requireOwner(k, index.Active)
		_, _, err := w.d.Refresh(w.t.Context(), k.owner)
		require.EqualError(w.t, err, "this answer requires Kratos, which is unreachable: no response since startup")
		require.NoError(w.t, w.stop())
		_, _, err = w.d.Refresh(w.t.Context(), k.owner)
		require.EqualError(w.t, err, "this answer requires Kratos, which is unreachable: no response since startup")

		w.start()
		w.kratos.delete(k.owner)
		w.kratos.setFailure(nil)
		w.ends = ErrOtherKratos
		w.wait(time.Minute)
		require.ErrorIs(w.t, w.stop(), ErrOtherKratos)
		require.True(w.t, w.meta(w.store).BuiltAt.IsZero())
	})
}

// TestStopWhileKratosHangs: stopping is not reported as a failure of Kratos.
func TestStopWhileKratosHangs(t *testing.T) {
	inBubble(t, func(w *world) {
		late := &lateKratos{fakekratos: w.kratos}
		late.page.Store(int64(time.Hour))
		w.start(func(o *Options) { o.Kratos = late })
		require.NoError(w.t, w.stop())
		require.Empty(w.t, w.log.String())
	})
}
