package indextest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

func testJobs(t *testing.T, s index.Store) {
	t.Helper()
	a, b := uuid.New(), uuid.New()
	job := func(id uuid.UUID, number uint64, flow index.Flow) index.Job {
		return index.Job{Identity: id, Number: number, Flow: flow}
	}
	// Two hooks at once may be stored in any order, and clocks may differ: what
	// replaces a job has a higher number than that one.
	for _, step := range []struct{ stored, want index.Job }{
		{job(a, 5, index.FlowLogin), job(a, 5, index.FlowLogin)},
		{job(a, 9, index.FlowSettings), job(a, 9, index.FlowSettings)},
		{job(a, 2, index.FlowLogin), job(a, 10, index.FlowLogin)},
		{job(a, 10, index.FlowSettings), job(a, 11, index.FlowSettings)},
		{job(b, 3, index.FlowRegistration), job(b, 3, index.FlowRegistration)},
	} {
		number, err := s.Enqueue(t.Context(), step.stored)
		require.NoError(t, err)
		require.Equal(t, step.want.Number, number)
		require.Contains(t, jobs(t, s), step.want)
	}
	second, other := job(a, 11, index.FlowSettings), job(b, 3, index.FlowRegistration)
	require.ElementsMatch(t, []index.Job{second, other}, jobs(t, s))
	for _, number := range []uint64{5, 10, 12} {
		require.NoError(t, s.Dequeue(t.Context(), job(a, number, index.FlowSettings)))
		require.ElementsMatch(t, []index.Job{second, other}, jobs(t, s), "another job forgets nothing")
	}
	for range 2 {
		require.NoError(t, s.Dequeue(t.Context(), second))
		require.Equal(t, []index.Job{other}, jobs(t, s))
	}
	number, err := s.Enqueue(t.Context(), job(a, 1, index.FlowLogin))
	require.NoError(t, err)
	require.Equal(t, uint64(1), number)
}

func jobs(t *testing.T, s index.Store) []index.Job {
	t.Helper()
	found, err := s.Jobs(t.Context())
	require.NoError(t, err)
	return found
}

// testParallelUpdates: no update is lost if many writers add to the same record.
func testParallelUpdates(t *testing.T, s index.Store) {
	t.Helper()
	const writers, each = 8, 10
	id := uuid.New()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				h := index.Handle{Digest: digest(uuid.NewString()), Kind: index.Passkey, State: index.Active}
				_, err := s.Update(t.Context(), []uuid.UUID{id}, func(id uuid.UUID, cur *index.Identity) *index.Identity {
					if cur == nil {
						cur = &index.Identity{ID: id}
					}
					cur.Handles = append(cur.Handles, h)
					return cur
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	i, err := s.Identity(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, i.Handles, writers*each)
	for _, h := range i.Handles {
		found, err := s.Owners(t.Context(), h.Digest)
		require.NoError(t, err)
		require.Len(t, found, 1)
	}
}

// testParallelBatches: no update is lost if writers change the same records in
// parallel, half of which exist at the start.
func testParallelBatches(t *testing.T, s index.Store) {
	t.Helper()
	const writers, identities = 6, 40
	var ids []uuid.UUID
	for n := range identities {
		ids = append(ids, uuid.New())
		if n%2 == 0 {
			put(t, s, identity(ids[n]))
		}
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			own := append(slices.Clone(ids[w:]), ids[:w]...)
			changed, err := s.Update(t.Context(), own, func(id uuid.UUID, cur *index.Identity) *index.Identity {
				if cur == nil {
					cur = &index.Identity{ID: id}
				}
				cur.Handles = append(cur.Handles, index.Handle{Digest: digest(fmt.Sprint(id, w)), Kind: index.Passkey, State: index.Active})
				return cur
			})
			if err != nil || changed != identities {
				t.Errorf("writer %d changed %d: %v", w, changed, err)
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		i, err := s.Identity(t.Context(), id)
		require.NoError(t, err)
		require.Len(t, i.Handles, writers)
		for w := range writers {
			require.Equal(t, []uuid.UUID{id}, owners(t, s, fmt.Sprint(id, w)))
		}
	}
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, index.Stats{Identities: identities, Active: writers * identities}, stats)
}

func testParallelJobs(t *testing.T, s index.Store) {
	t.Helper()
	const writers, each = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				j := index.Job{Identity: uuid.New(), Number: uint64(w*each + n + 1)} //nolint:gosec // small
				if _, err := s.Enqueue(t.Context(), j); err != nil {
					t.Error(err)
				}
				if n%2 == 0 {
					if err := s.Dequeue(t.Context(), j); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, jobs(t, s), writers*(each/2))
}

// testLoad loads twice, with updates between and a restart before the end.
func testLoad(t *testing.T, s index.Store, reopen func(t *testing.T, s index.Store) index.Store) {
	t.Helper()
	var identities []*index.Identity
	for n := range 300 {
		identities = append(identities, identity(uuid.UUID{1, byte(n >> 8), byte(n)}, fmt.Sprint("h", n), fmt.Sprint("second h", n)))
	}
	byID := map[uuid.UUID]*index.Identity{}
	load := func(part []*index.Identity, token string) {
		var ids []uuid.UUID
		for _, p := range part {
			ids = append(ids, p.ID)
			byID[p.ID] = p
		}
		l, ok := s.(index.Loader)
		require.True(t, ok)
		require.NoError(t, l.Load(t.Context(), ids,
			func(id uuid.UUID, cur *index.Identity) *index.Identity {
				switch {
				case cur == nil:
					return byID[id]
				case id == identities[7].ID: // which the list shows in another state
					cur.Handles[0].State = index.Orphaned
					byID[id] = cur
				}
				return cur
			},
			func(m *index.Meta) { m.BuildToken = token }))
	}
	put(t, s, identities[7]) // a hook came first
	load(identities[:100], "first")
	erased := identities[3]
	changed, err := s.Update(t.Context(), []uuid.UUID{erased.ID}, set(nil))
	require.NoError(t, err)
	require.Equal(t, 1, changed)
	// Others change while their handles cannot be found yet: one loses a handle,
	// one comes back without any, one is deleted, one is used.
	lost, back, deleted, used := identities[4], identities[5], identities[6].Clone(), identities[8].Clone()
	put(t, s, identity(lost.ID, "h4"))
	_, err = s.Update(t.Context(), []uuid.UUID{back.ID}, set(nil))
	require.NoError(t, err)
	put(t, s, identity(back.ID))
	deleted.DeletedAt = deleted.SeenAt
	used.Credentials[0].UsedAt = used.SeenAt
	put(t, s, deleted, used)
	byID[lost.ID], byID[back.ID], byID[deleted.ID], byID[used.ID] = identity(lost.ID, "h4"), identity(back.ID), deleted, used
	load(identities[100:], "second")
	load(identities[100:], "second") // and once more, as after a crash
	s = reopen(t, s)
	meta, err := s.Meta(t.Context())
	require.NoError(t, err)
	require.Equal(t, "second", meta.BuildToken)
	l, ok := s.(index.Loader)
	require.True(t, ok)
	require.NoError(t, l.FinishLoad(t.Context()))
	require.NoError(t, l.FinishLoad(t.Context()))
	delete(byID, erased.ID)
	RequireOwners(t, s, slices.Collect(maps.Values(byID))...)
	for _, h := range []string{"h3", "second h3", "second h4", "h5", "second h5"} {
		require.Empty(t, owners(t, s, h))
	}
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, index.Stats{Identities: 299, Deleted: 1, Active: 592, Orphaned: 1, Removed: 2}, stats)
}

func testDurable(t *testing.T, s index.Store, reopen func(t *testing.T, s index.Store) index.Store) {
	t.Helper()
	p := identity(uuid.New(), "h1")
	put(t, s, p)
	job := index.Job{Identity: p.ID, Number: 7, Flow: index.FlowSettings}
	_, err := s.Enqueue(t.Context(), job)
	require.NoError(t, err)
	require.NoError(t, s.UpdateMeta(t.Context(), func(m *index.Meta) { m.BuildToken = "t" }))
	s = reopen(t, s)
	require.Equal(t, []uuid.UUID{p.ID}, owners(t, s, "h1"))
	require.Equal(t, []index.Job{job}, jobs(t, s))
	meta, err := s.Meta(t.Context())
	require.NoError(t, err)
	require.Equal(t, "t", meta.BuildToken)
}
