package directory

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// inQueue runs a test on a queue of its own with a clock of its own.
func inQueue(t *testing.T, test func(t *testing.T, q *queue, store *faultyStore)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := newFaultyStore()
		q, err := newQueue(t.Context(), store, noop.Tracer{}, time.Now, time.Now)
		require.NoError(t, err)
		test(t, q, store)
	})
}

func stored(t *testing.T, s index.Store) []index.Job {
	t.Helper()
	jobs, err := s.Jobs(t.Context())
	require.NoError(t, err)
	return jobs
}

func identitiesOf(jobs []index.Job) (ids []uuid.UUID) {
	for _, j := range jobs {
		ids = append(ids, j.Identity)
	}
	return ids
}

// TestQueueOrder: hooks before the directory's own pulls, each line in the order
// in which it is due, and no more than are asked for.
func TestQueueOrder(t *testing.T) {
	inQueue(t, func(t *testing.T, q *queue, _ *faultyStore) {
		var ids []uuid.UUID
		for n := range 6 {
			ids = append(ids, uuid.UUID{byte(n + 1)})
		}
		q.enqueueLocal(ids[5])
		q.enqueueLocal(ids[5])
		for _, id := range ids[:5] {
			require.NoError(t, q.add(t.Context(), id, index.FlowSettings))
			time.Sleep(time.Millisecond)
		}
		hooks, oldest, background := q.depth()
		require.Equal(t, 5, hooks)
		require.Equal(t, 1, background)
		require.Equal(t, 5*time.Millisecond, oldest)
		jobs, wait := q.take(0)
		require.Empty(t, jobs)
		require.Equal(t, time.Duration(1), wait, "something is due")
		jobs, _ = q.take(2)
		require.Equal(t, ids[:2], identitiesOf(jobs))
		jobs, wait = q.take(10)
		require.Equal(t, ids[2:], identitiesOf(jobs))
		require.Zero(t, wait)
		jobs, _ = q.take(10)
		require.Empty(t, jobs, "what runs is not taken again")
		q.enqueueLocal(ids[0])
		jobs, _ = q.take(10)
		require.Empty(t, jobs, "nor is it asked for twice")
	})
}

// TestQueueCovers: which hook covers another, and what is stored.
func TestQueueCovers(t *testing.T) {
	id := uuid.UUID{1}
	for name, tc := range map[string]struct {
		flows []index.Flow
		jobs  []index.Flow // that are stored, each in the place of the one before
	}{
		"the same again":           {[]index.Flow{index.FlowLogin, index.FlowLogin}, []index.Flow{index.FlowLogin}},
		"a login after settings":   {[]index.Flow{index.FlowSettings, index.FlowLogin}, []index.Flow{index.FlowSettings}},
		"settings after a login":   {[]index.Flow{index.FlowLogin, index.FlowSettings}, []index.Flow{index.FlowLogin, index.FlowSettings}},
		"settings after a sign-up": {[]index.Flow{index.FlowRegistration, index.FlowSettings}, []index.Flow{index.FlowRegistration, index.FlowRegistration}},
		"a sign-up after settings": {[]index.Flow{index.FlowSettings, index.FlowRegistration}, []index.Flow{index.FlowSettings, index.FlowSettings}},
		"a sign-up and again":      {[]index.Flow{index.FlowRegistration, index.FlowRegistration, index.FlowLogin}, []index.Flow{index.FlowRegistration}},
	} {
		t.Run(name, func(t *testing.T) {
			inQueue(t, func(t *testing.T, q *queue, store *faultyStore) {
				for _, flow := range tc.flows {
					require.NoError(t, q.add(t.Context(), id, flow))
				}
				require.Equal(t, len(tc.jobs), store.called("Enqueue"))
				jobs := stored(t, store)
				require.Len(t, jobs, 1)
				require.Equal(t, tc.jobs[len(tc.jobs)-1], jobs[0].Flow)
				taken, _ := q.take(5)
				require.Equal(t, jobs, taken)
			})
		})
	}
}

// TestQueueWhileItRuns: a hook that comes during a pull is another pull, and is
// stored before it is answered.
func TestQueueWhileItRuns(t *testing.T) {
	inQueue(t, func(t *testing.T, q *queue, store *faultyStore) {
		id := uuid.UUID{1}
		require.NoError(t, q.add(t.Context(), id, index.FlowLogin))
		first, _ := q.take(1)
		require.NoError(t, q.add(t.Context(), id, index.FlowLogin))
		require.Equal(t, 2, store.called("Enqueue"))
		require.Greater(t, stored(t, store)[0].Number, first[0].Number)
		none, _ := q.take(1)
		require.Empty(t, none)
		_, err := q.finish(t.Context(), id, true, nil)
		require.NoError(t, err)
		require.Len(t, stored(t, store), 1)
		again, _ := q.take(1)
		require.Equal(t, stored(t, store), again)
		_, err = q.finish(t.Context(), id, true, nil)
		require.NoError(t, err)
		require.Empty(t, stored(t, store))
		hooks, _, background := q.depth()
		require.Zero(t, hooks+background)
		require.Empty(t, q.jobs)
	})
}

// TestQueueSurvives: what was stored is pulled after the next start, and later
// hooks have higher numbers.
func TestQueueSurvives(t *testing.T) {
	inQueue(t, func(t *testing.T, q *queue, store *faultyStore) {
		id := uuid.UUID{1}
		require.NoError(t, q.add(t.Context(), id, index.FlowSettings))
		before := stored(t, store)
		past := func() time.Time { return time.Now().Add(-time.Hour) } // the clock was set back
		again, err := newQueue(t.Context(), store, noop.Tracer{}, past, past)
		require.NoError(t, err)
		jobs, _ := again.take(5)
		require.Equal(t, before, jobs)
		require.NoError(t, again.add(t.Context(), id, index.FlowSettings))
		require.Greater(t, stored(t, store)[0].Number, before[0].Number)
		again.restore(index.Job{Identity: id, Number: 1})
		none, _ := again.take(5)
		require.Empty(t, none, "what is in the queue is not adopted")
		again.restore(index.Job{Identity: uuid.UUID{2}, Number: 1, Flow: index.FlowLogin})
		hooks, _, _ := again.depth()
		require.Equal(t, 2, hooks)
		store.failNext("Enqueue", 1)
		require.ErrorIs(t, again.add(t.Context(), uuid.UUID{3}, index.FlowLogin), errDisk)
		hooks, _, _ = again.depth()
		require.Equal(t, 2, hooks, "what is not stored is not answered for")
	})
}

// TestQueueIsBounded: the directory's own pulls are dropped if too many wait, hooks
// never.
func TestQueueIsBounded(t *testing.T) {
	inQueue(t, func(t *testing.T, q *queue, store *faultyStore) {
		var id uuid.UUID
		for n := range maxBackground + 1 {
			id[0], id[1], id[2] = byte(n), byte(n>>8), byte(n>>16)
			q.enqueueLocal(id)
		}
		require.Len(t, q.background, 100_000)
		require.NoError(t, q.add(t.Context(), uuid.Max, index.FlowLogin))
		jobs, _ := q.take(1)
		require.Equal(t, uuid.Max, jobs[0].Identity)
		own, _ := q.take(2)
		require.Len(t, own, 2)
		_, err := q.finish(t.Context(), own[0].Identity, false, nil)
		require.NoError(t, err)
		require.Zero(t, store.called("Dequeue"), "it was never stored")
	})
}

// TestQueueOutlivesItsSuggestions: a hook for an identity that is about to be
// pulled anyway is stored, and goes first.
func TestQueueOutlivesItsSuggestions(t *testing.T) {
	inQueue(t, func(t *testing.T, q *queue, store *faultyStore) {
		first, id := uuid.UUID{1}, uuid.UUID{2}
		q.enqueueLocal(first)
		q.enqueueLocal(id)
		time.Sleep(time.Second)
		require.NoError(t, q.add(t.Context(), id, index.FlowLogin))
		require.Len(t, stored(t, store), 1)
		hooks, oldest, background := q.depth()
		require.Equal(t, []int{1, 1}, []int{hooks, background})
		require.Zero(t, oldest)
		jobs, _ := q.take(5)
		require.Equal(t, []uuid.UUID{id, first}, identitiesOf(jobs))
	})
}

// TestQueueKnowsTheOldest: a hook that another has replaced waits since it came.
func TestQueueKnowsTheOldest(t *testing.T) {
	inQueue(t, func(t *testing.T, q *queue, _ *faultyStore) {
		id := uuid.UUID{1}
		for _, flow := range []index.Flow{index.FlowLogin, index.FlowLogin, index.FlowSettings} {
			require.NoError(t, q.add(t.Context(), id, flow))
			time.Sleep(time.Second)
		}
		require.NoError(t, q.add(t.Context(), uuid.UUID{2}, index.FlowLogin))
		_, oldest, _ := q.depth()
		require.Equal(t, 3*time.Second, oldest)

		jobs, _ := q.take(1)
		_, err := q.finish(t.Context(), jobs[0].Identity, false, nil)
		require.NoError(t, err)
		hooks, oldest, _ := q.depth()
		require.Equal(t, 2, hooks, "it is pulled again in a second")
		require.Zero(t, oldest, "and does not wait any more")
	})
}

// TestQueueHooksAtOnce: two hooks for one identity that come at the same moment are
// settled by one pull.
func TestQueueHooksAtOnce(t *testing.T) {
	inQueue(t, func(t *testing.T, q *queue, store *faultyStore) {
		id := uuid.UUID{1}
		store.before = func(method string, call int) {
			if method == "Enqueue" && call == 1 {
				require.NoError(t, q.add(t.Context(), id, index.FlowLogin))
			}
		}
		require.NoError(t, q.add(t.Context(), id, index.FlowLogin))
		require.Equal(t, 2, store.called("Enqueue"))
		jobs, _ := q.take(5)
		require.Len(t, jobs, 1)
		require.Equal(t, stored(t, store), jobs)
		_, err := q.finish(t.Context(), id, true, nil)
		require.NoError(t, err)
		require.Empty(t, stored(t, store))
	})
}

// lateEnqueue returns late from Enqueue: something happens after the job was stored.
type lateEnqueue struct {
	*faultyStore
	after func()
}

func (s *lateEnqueue) Enqueue(ctx context.Context, job index.Job) (uint64, error) {
	number, err := s.faultyStore.Enqueue(ctx, job)
	if after := s.after; after != nil {
		s.after = nil
		after()
	}
	return number, err
}

// TestQueueSettlesTheLast settles the last of two hooks that were stored one after
// the other, even if the store returns from the first one last.
func TestQueueSettlesTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		id, store := uuid.UUID{1}, &lateEnqueue{faultyStore: newFaultyStore()}
		q, err := newQueue(t.Context(), store, noop.Tracer{}, time.Now, time.Now)
		require.NoError(t, err)
		store.after = func() { require.NoError(t, q.add(t.Context(), id, index.FlowLogin)) }
		require.NoError(t, q.add(t.Context(), id, index.FlowLogin))
		jobs, _ := q.take(5)
		require.Equal(t, stored(t, store), jobs)
		_, err = q.finish(t.Context(), id, true, nil)
		require.NoError(t, err)
		require.Empty(t, stored(t, store))
	})
}

// TestQueueFlowsAtOnce: if one of two simultaneous hooks announces a change, the pull
// is repeated until the change shows, in whatever order they were stored.
func TestQueueFlowsAtOnce(t *testing.T) {
	for _, flows := range [][2]index.Flow{{index.FlowLogin, index.FlowSettings}, {index.FlowSettings, index.FlowLogin}} {
		inQueue(t, func(t *testing.T, q *queue, store *faultyStore) {
			id := uuid.UUID{1}
			store.before = func(method string, call int) {
				if method == "Enqueue" && call == 1 {
					require.NoError(t, q.add(t.Context(), id, flows[1]))
				}
			}
			require.NoError(t, q.add(t.Context(), id, flows[0]))
			jobs, _ := q.take(1)
			require.Equal(t, index.FlowSettings, jobs[0].Flow)
			require.Equal(t, stored(t, store)[0].Number, jobs[0].Number)
		})
	}
}
