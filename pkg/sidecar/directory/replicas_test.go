package directory

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// sharedStore is a memory store that several directories share.
type sharedStore struct {
	index.Store
	lead  *atomic.Pointer[context.CancelFunc] // of the one that leads
	ahead *atomic.Int64                       // nanoseconds by which its clock is ahead
}

func share(store index.Store) sharedStore {
	return sharedStore{store, &atomic.Pointer[context.CancelFunc]{}, &atomic.Int64{}}
}

// Lead implements index.Leader.
func (s sharedStore) Lead(ctx context.Context) (context.Context, func(), error) {
	if faulty, ok := s.Store.(*faultyStore); ok {
		if err := faulty.call("Lead"); err != nil {
			return nil, nil, err
		}
	}
	lead, lose := context.WithCancel(ctx)
	if !s.lead.CompareAndSwap(nil, &lose) {
		lose()
		return nil, nil, nil
	}
	return lead, func() { lose(); s.lead.CompareAndSwap(&lose, nil) }, nil
}

// Clock implements index.Leader.
func (s sharedStore) Clock(ctx context.Context) (time.Time, error) {
	if faulty, ok := s.Store.(*faultyStore); ok {
		if err := faulty.call("Clock"); err != nil {
			return time.Time{}, err
		}
	}
	return time.Now().Round(0).Add(time.Duration(s.ahead.Load())), ctx.Err() // without what this process alone knows
}

// TestReplicas lets two directories share a store: one builds, hooks reach
// either, and what one did not survive the other takes up.
func TestReplicas(t *testing.T) {
	inBubble(t, func(w *world) {
		shared := share(w.store)
		first := w.kratos.register("passkey")
		w.startOn(shared)
		other := &world{t: w.t, kratos: w.kratos, store: w.store, log: &said{}}
		other.startOn(shared)
		w.requireOwner(first, index.Active)
		other.requireOwner(first, index.Active)
		require.Contains(w.t, w.log.String(), "acquired leadership")
		require.NotContains(w.t, other.log.String(), "acquired leadership")
		other.wait(10 * time.Second) // until it has seen that the index is complete
		other.requireError(fakekey{handle: []byte("nobody")}, ErrUnknown)

		second := w.kratos.register("webauthn")
		other.hook(second.owner, index.FlowRegistration)
		w.requireOwner(second, index.Active)

		w.kratos.setFailure(errDown)
		third := w.kratos.register("passkey")
		other.hook(third.owner, index.FlowRegistration)
		require.NoError(w.t, other.stop())
		w.kratos.setFailure(nil)
		w.requireError(third, ErrUnknown)
		w.wait(2*time.Minute + 20*time.Second)
		w.requireOwner(third, index.Active)

		w.kratos.delete(first.owner)
		require.NoError(w.t, other.d.Reconcile(w.t.Context(), 0))
		w.wait(20 * time.Second)
		w.requireError(first, ErrRemoved)
		w.wait(time.Hour)
		require.Len(w.t, w.log.lines("sweep is complete"), 1, "what was asked for once is done once")
		for _, log := range []*said{w.log, other.log} {
			require.Empty(w.t, log.lines("cannot read the shared store"))
		}

		other.startOn(shared)
		require.NoError(w.t, w.stop())
		other.wait(20 * time.Second)
		require.Contains(w.t, other.log.String(), "acquired leadership")

		(*shared.lead.Load())()
		other.wait(20 * time.Second)
		require.Contains(w.t, other.log.String(), "lost leadership")
		require.NotNil(w.t, shared.lead.Load(), "it leads again, since nobody else does")
	})
}

// TestSharedStoreFails: without the leader and the state of the index nothing is
// built, and the store is read again ten seconds later.
func TestSharedStoreFails(t *testing.T) {
	for _, tc := range []struct {
		method string
		nth    int
		said   string
	}{
		{"Lead", 1, "cannot acquire leadership"},
		{"Meta", 2, "cannot list identities; retrying"}, // the first is at the start
	} {
		t.Run(tc.method, func(t *testing.T) {
			inBubble(t, func(w *world) {
				store := newFaultyStore()
				k := w.kratos.register("passkey")
				store.failCall(tc.method, tc.nth)
				w.startOn(share(store))
				require.Len(w.t, w.log.lines(tc.said), 1)
				require.Empty(w.t, w.log.lines("building the index"))
				w.requireError(k, ErrBuilding)
				w.wait(10 * time.Second)
				w.requireOwner(k, index.Active)
				require.Len(w.t, w.log.lines(tc.said), 1)
			})
		})
	}
}

// TestSharedStoreFailsLater: what was known is known until it can be read again,
// by the one that leads and by the other.
func TestSharedStoreFailsLater(t *testing.T) {
	for _, method := range []string{"Clock", "Meta", "Jobs"} {
		t.Run(method, func(t *testing.T) {
			inBubble(t, func(w *world) {
				store := newFaultyStore()
				shared := share(store)
				w.startOn(shared)
				other := &world{t: w.t, kratos: w.kratos, store: w.store, log: &said{}}
				other.startOn(shared)
				w.wait(11 * time.Second)
				store.failNext(method, 2)
				w.wait(10 * time.Second)
				for _, world := range []*world{w, other} {
					require.Equal(w.t, []string{`msg="cannot read the shared store" error="the disk is full"`}, world.log.lines("cannot read the shared store"))
					world.requireError(fakekey{handle: []byte("nobody")}, ErrUnknown)
				}
				w.wait(time.Minute)
				for _, world := range []*world{w, other} {
					require.Len(w.t, world.log.lines("cannot read the shared store"), 1)
				}
			})
		})
	}
}

// TestOrphanedHooks: a hook is taken over once it is older than two minutes: its
// own server would have pulled it by then. One from the future is of a clock that
// was ahead.
func TestOrphanedHooks(t *testing.T) {
	inBubble(t, func(w *world) {
		shared := share(w.store)
		d, err := New(w.t.Context(), Options{Store: shared, Now: func() time.Time { return time.Now().Add(time.Hour) }})
		require.NoError(w.t, err)
		now := time.Now()
		for n, age := range []time.Duration{2*time.Minute + 1, 2 * time.Minute, 0, -2 * time.Minute, -2*time.Minute - 1} {
			number := uint64(now.Add(-age).UnixNano())
			_, err := shared.Enqueue(w.t.Context(), index.Job{Identity: numbered(byte(n)), Number: number, Flow: index.FlowLogin})
			require.NoError(w.t, err)
		}
		require.NoError(w.t, d.sync(w.t.Context()))
		jobs, _ := d.queue.take(5)
		require.Equal(w.t, []uuid.UUID{numbered(0), numbered(4)}, identitiesOf(jobs))
	})
}

// TestStopWhileSharing: a stop during a call of the store is not a failure.
func TestStopWhileSharing(t *testing.T) {
	for _, method := range []string{"Clock", "Lead"} {
		t.Run(method, func(t *testing.T) {
			inBubble(t, func(w *world) {
				store := newFaultyStore()
				shared := share(store)
				w.startOn(shared)
				(*shared.lead.Load())() // so that it asks again
				store.before = func(called string, call int) {
					if called == method {
						store.failCall(method, call+1) // all from now on
						time.Sleep(time.Second)
					}
				}
				store.failCall(method, store.called(method)+1)
				w.wait(syncEvery + time.Second/2)
				require.NoError(w.t, w.stop())
				require.NotContains(w.t, w.log.String(), "level=ERROR")
			})
		})
	}
}

// TestAcceptedElsewhere: a number that another server is told to accept applies to the
// running sweep until it has counted the missing identities, and then to the next one.
func TestAcceptedElsewhere(t *testing.T) {
	for name, counted := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				store := newFaultyStore()
				w.store = store
				shared, keys := share(store), w.inOrder(400)
				late := &lateKratos{fakekratos: w.kratos}
				w.startOn(shared, func(o *Options) { o.Kratos = late })
				other := &world{t: w.t, kratos: w.kratos, store: w.store, log: &said{}}
				other.startOn(shared)
				deleteAndAccept := func(keys []fakekey) {
					for _, k := range keys {
						w.kratos.delete(k.owner)
					}
					require.NoError(w.t, other.d.Reconcile(w.t.Context(), len(keys)))
				}
				if counted {
					late.identity.Store(int64(time.Second)) // for each missing identity
					deleteAndAccept(keys[:110])
					w.wait(time.Minute)
					require.True(w.t, w.d.progress.reading.Load())
					deleteAndAccept(keys[110:230])
				} else {
					asked := false
					store.before = func(method string, _ int) {
						if method == "Meta" && !asked && w.d.progress.reading.Load() && w.d.progress.read.Load() == 290 {
							asked = true
							deleteAndAccept(keys[:110])
						}
					}
					for _, k := range keys[:110] {
						w.kratos.delete(k.owner)
					}
					require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
				}
				w.wait(time.Hour)
				w.requireError(keys[0], ErrRemoved)
				if counted {
					w.requireError(keys[229], ErrRemoved)
				}
				require.NotContains(w.t, w.log.String(), "sweep stopped")
				require.Zero(w.t, w.meta(shared).Accept)
			})
		})
	}
}
