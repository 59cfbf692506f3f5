package directory

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// later makes a server whose clock is ahead by so much.
func later(ahead time.Duration) func(*Options) {
	return func(o *Options) { o.Now = func() time.Time { return time.Now().Add(ahead) } }
}

// TestReplicasWithOtherClocks: whatever their clocks, a page that one server reads does
// not undo what another one has pulled meanwhile, and a sweep that is requested from
// one may be made by another.
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
				added := w.exchange(old)
				other.hook(old.owner, index.FlowSettings)
				w.requireOwner(added, index.Active)
				w.wait(time.Hour)
				require.Len(w.t, w.log.lines("sweep is complete"), 1)
				w.requireOwner(added, index.Active)
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
			c := &sharedClock{store: share(store), local: func() time.Time { return time.Now().Add(-tc.ahead) }}
			require.NoError(t, c.set(t.Context()))
			require.Equal(t, tc.want, c.now().Sub(c.local()))
		}
		ahead := time.Hour
		c := &sharedClock{store: share(newFaultyStore()), local: func() time.Time { return time.Now().Add(-ahead) }}
		for range 2 {
			require.NoError(t, c.set(t.Context()))
			require.Equal(t, time.Hour, c.now().Sub(c.local()))
			ahead += 5 * time.Millisecond // which may be the way to the store
		}
		failing := newFaultyStore()
		failing.failNext("Clock", 1)
		require.ErrorIs(t, (&sharedClock{store: share(failing), local: time.Now}).set(t.Context()), errDisk)
	})
}

// TestWaitingJobsOfAClock: how long a job waits does not depend on when the clock of
// the store says it is.
func TestWaitingJobsOfAClock(t *testing.T) {
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			inBubble(t, func(w *world) {
				shared := share(w.store)
				shared.ahead.Store(int64(ahead))
				w.startOn(shared)
				w.wait(time.Minute)
				w.kratos.setFailures(errDown, nil)
				k := w.kratos.register("passkey")
				w.hook(k.owner, index.FlowRegistration)
				shared.ahead.Store(0)
				w.wait(time.Minute)
				w.kratos.setFailures(nil, nil)
				w.wait(longestPause(10))
				w.requireOwner(k, index.Active)
			})
		})
	}
}

// TestClockIsSetDuringALook: what Kratos shows now is newer than what it showed a
// minute ago, though the clock is set in between.
func TestClockIsSetDuringALook(t *testing.T) {
	inBubble(t, func(w *world) {
		shared, late := share(w.store), &lateKratos{fakekratos: w.kratos}
		k := w.kratos.register("passkey")
		shared.ahead.Store(int64(-time.Hour))
		w.startOn(shared, func(o *Options) { o.Kratos = late })
		w.wait(time.Minute)
		shared.ahead.Store(0)
		w.wait(syncEvery)
		w.hook(k.owner, index.FlowLogin)
		w.wait(65 * time.Second)
		w.kratos.remove(k)
		w.d.clock.offset.Store(int64(-time.Hour)) // until the next share
		late.identity.Store(int64(7 * time.Second))
		q := query(k)
		q.Confirm = true
		_, err := w.d.Resolve(w.t.Context(), q)
		require.ErrorIs(w.t, err, ErrRemoved)
	})
}

// TestSlowClock: the fastest of three round trips determines the offset of the clock.
func TestSlowClock(t *testing.T) {
	for name, tc := range map[string]struct {
		ways  []time.Duration // to the store, the way back takes no time
		asked int
		want  time.Duration
	}{
		"quick":               {[]time.Duration{10 * time.Millisecond, 0}, 1, 0},
		"slow once":           {[]time.Duration{2 * time.Second, 0, 0}, 2, 0},
		"slow twice":          {[]time.Duration{2 * time.Second, time.Second, 0}, 3, 0},
		"never quick":         {[]time.Duration{2 * time.Second, time.Second, 3 * time.Second}, 3, 0},
		"never quick, by far": {[]time.Duration{2 * time.Second, time.Second, 3 * time.Second}, 3, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newFaultyStore()
				store.before = func(_ string, call int) { time.Sleep(tc.ways[call-1]) }
				shared := share(store)
				shared.ahead.Store(int64(tc.want))
				c := &sharedClock{store: shared, local: time.Now}
				require.NoError(t, c.set(t.Context()))
				require.Equal(t, tc.asked, store.called("Clock"))
				require.InDelta(t, tc.want.Seconds(), c.now().Sub(c.local()).Seconds(), 0.5)
			})
		})
	}
}
