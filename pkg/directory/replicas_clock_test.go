package directory

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
)

// later makes a server whose clock is ahead by so much.
func later(ahead time.Duration) func(*Options) {
	return func(o *Options) { o.Now = func() time.Time { return time.Now().Add(ahead) } }
}

// TestReplicasWithOtherClocks: a page that one server reads does not undo what
// another one has pulled meanwhile, and a sweep that one is asked for the other
// makes, whatever their clocks say.
func TestReplicasWithOtherClocks(t *testing.T) {
	for _, ahead := range []time.Duration{-time.Hour, -5 * time.Second, 5 * time.Second, time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			inBubble(t, func(w *world) {
				shared, old := share(w.store), w.kratos.register("passkey")
				late := &lateKratos{fakekratos: w.kratos}
				w.startOn(shared, func(o *Options) { o.Kratos = late })
				other := &world{t: w.t, kratos: w.kratos, store: w.store, log: &said{}}
				other.startOn(shared, later(ahead))
				w.wait(time.Minute)
				late.page.Store(int64(time.Second))
				require.NoError(w.t, other.d.Reconcile(w.t.Context(), 0))
				for w.wait(100 * time.Millisecond); !w.d.progress.reading.Load(); {
					w.wait(100 * time.Millisecond)
				}
				w.wait(100 * time.Millisecond)
				fresh := w.exchange(old)
				other.hook(old.owner, index.FlowSettings)
				w.requireOwner(fresh, index.Active)
				w.wait(time.Hour)
				require.Len(w.t, w.log.lines("sweep is complete"), 1)
				w.requireOwner(fresh, index.Active)
			})
		})
	}
}

// TestSharedClock goes by the time of the store, and not by the way to it.
func TestSharedClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct{ ahead, way, want time.Duration }{
			{0, 0, 0},
			{0, 30 * time.Millisecond, 0},
			{7 * time.Millisecond, 30 * time.Millisecond, 0},
			{25 * time.Millisecond, 30 * time.Millisecond, 40 * time.Millisecond},
			{10 * time.Millisecond, 0, 0},
			{10*time.Millisecond + 1, 0, 10*time.Millisecond + 1},
			{-time.Hour, time.Second, -time.Hour + 500*time.Millisecond},
		} {
			store := newFaultyStore()
			store.before = func(string, int) { time.Sleep(tc.way) }
			c := &sharedClock{store: share(store), own: func() time.Time { return time.Now().Add(-tc.ahead) }}
			require.NoError(t, c.set(t.Context()))
			require.Equal(t, tc.want, c.now().Sub(c.own()))
		}
		ahead := time.Hour
		c := &sharedClock{store: share(newFaultyStore()), own: func() time.Time { return time.Now().Add(-ahead) }}
		for range 2 {
			require.NoError(t, c.set(t.Context()))
			require.Equal(t, time.Hour, c.now().Sub(c.own()))
			ahead += 5 * time.Millisecond // which may be the way to the store
		}
		failing := newFaultyStore()
		failing.failNext("Clock", 1)
		require.ErrorIs(t, (&sharedClock{store: share(failing), own: time.Now}).set(t.Context()), errDisk)
	})
}
