package directory

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// TestReplicasSettleTheirOwn: a server that settles a job forgets no hook that
// another one has acknowledged since its pull began, whichever of them started
// first and whose clock is ahead.
func TestReplicasSettleTheirOwn(t *testing.T) {
	for name, clocks := range map[string][2]time.Duration{
		"the same clock":     {0, 0},
		"the first is ahead": {time.Minute, 0},
		"the other is ahead": {0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				id, shared := uuid.UUID{1}, share(newFaultyStore())
				server := func(ahead time.Duration) *queue {
					q, err := newQueue(t.Context(), shared, noop.Tracer{}, time.Now, func() time.Time { return time.Now().Add(ahead) })
					require.NoError(t, err)
					return q
				}
				older := server(clocks[1])
				time.Sleep(time.Hour)
				younger := server(clocks[0])
				require.NoError(t, younger.add(t.Context(), id, index.FlowSettings))
				jobs, _ := younger.take(1)
				require.Len(t, jobs, 1)
				time.Sleep(time.Millisecond) // Kratos is being asked
				require.NoError(t, older.add(t.Context(), id, index.FlowSettings))
				_, err := younger.finish(t.Context(), id, true, nil)
				require.NoError(t, err)
				require.Len(t, stored(t, shared), 1)

				jobs, _ = older.take(1)
				require.Equal(t, stored(t, shared), jobs)
				_, err = older.finish(t.Context(), id, true, nil)
				require.NoError(t, err)
				require.Empty(t, stored(t, shared))
			})
		})
	}
}

// TestReplicasStoreEveryHook: a waiting job does not cover another hook, since another
// server may have taken it over and settled it.
func TestReplicasStoreEveryHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		id, shared := uuid.UUID{1}, share(newFaultyStore())
		first, err := newQueue(t.Context(), shared, noop.Tracer{}, time.Now, time.Now)
		require.NoError(t, err)
		require.NoError(t, first.add(t.Context(), id, index.FlowSettings))
		other, err := newQueue(t.Context(), shared, noop.Tracer{}, time.Now, time.Now) // takes it over
		require.NoError(t, err)
		jobs, _ := first.take(1)
		require.Len(t, jobs, 1)
		_, err = first.finish(t.Context(), id, true, nil)
		require.NoError(t, err)
		require.Empty(t, stored(t, shared))
		require.NoError(t, other.add(t.Context(), id, index.FlowSettings))
		require.Len(t, stored(t, shared), 1)
	})
}

// TestFreshHooksAreNoOrphans: a hook is as old as it is, however long its server
// has been running, and is left to it.
func TestFreshHooksAreNoOrphans(t *testing.T) {
	inBubble(t, func(w *world) {
		shared := share(w.store)
		w.startOn(shared)
		other := &world{t: w.t, kratos: w.kratos, store: w.store, log: &said{}}
		other.startOn(shared)
		w.wait(time.Hour)
		w.kratos.setFailure(errDown)
		k := w.kratos.register("passkey")
		w.hook(k.owner, index.FlowRegistration)
		w.wait(orphanedJobAge - time.Second)
		hooks, _, _ := other.d.queue.depth()
		require.Zero(w.t, hooks)
		w.wait(syncEvery + time.Second)
		hooks, _, _ = other.d.queue.depth()
		require.Equal(w.t, 1, hooks)
	})
}

// TestOrphansDuringASweep: the one that leads takes over what another did not
// survive, however long it reads the list.
func TestOrphansDuringASweep(t *testing.T) {
	inBubble(t, func(w *world) {
		shared := share(w.store)
		w.kratos.page = 1
		for range 100 {
			w.kratos.register("passkey")
		}
		late := &lateKratos{fakekratos: w.kratos}
		w.startOn(shared, func(o *Options) { o.Kratos = late })
		other := &world{t: w.t, kratos: w.kratos, store: w.store, log: &said{}}
		other.startOn(shared)
		w.wait(time.Minute)
		late.page.Store(int64(time.Minute))
		require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
		w.wait(10 * time.Minute)
		w.kratos.setFailures(errDown, nil)
		first := w.kratos.register("passkey")
		for first.owner[0] > 4 { // on a page that was read already
			first = w.kratos.register("passkey")
		}
		other.hook(first.owner, index.FlowRegistration)
		require.NoError(w.t, other.stop())
		w.kratos.setFailures(nil, nil)
		w.wait(orphanedJobAge + 2*syncEvery)
		require.True(w.t, w.d.progress.reading.Load())
		w.requireOwner(first, index.Active)
	})
}
