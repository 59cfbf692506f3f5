package directory

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// TestListIsTriedAgain: the list is retried after about 0.5 s, 1 s, 2 s and so on,
// and after 0.5 s again once a sweep was complete or stopped.
func TestListIsTriedAgain(t *testing.T) {
	inBubble(t, func(w *world) {
		var down atomic.Bool
		down.Store(true)
		people := &crowd{total: 1, page: 1, fail: func(string) error {
			if down.Load() {
				return errDown
			}
			return nil
		}}
		fromHalfASecond := func() {
			w.t.Helper()
			w.wait(249 * time.Millisecond)
			require.Len(w.t, people.tokens(), 1)
			w.wait(251 * time.Millisecond)
			require.Len(w.t, people.tokens(), 1)
		}
		reconcile := func() {
			w.t.Helper()
			down.Store(true)
			require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
			fromHalfASecond()
		}
		upToAMinute := func() {
			w.t.Helper()
			w.wait(time.Minute)
			tries := len(people.tokens())
			require.GreaterOrEqual(w.t, tries, 5)
			require.LessOrEqual(w.t, tries, 6)
			down.Store(false)
			w.wait(2 * time.Minute)
			require.Len(w.t, people.tokens(), 1)
		}
		stays := w.kratos.register("passkey")
		w.remember(stays.owner) // so that the index's Kratos is recognized without the list
		w.start(func(o *Options) { o.Kratos = stayingIn{people, w.kratos} })
		fromHalfASecond()
		upToAMinute()
		require.Len(w.t, w.log.lines("index is complete"), 1)
		reconcile()
		upToAMinute()
		require.Len(w.t, w.log.lines("sweep is complete"), 1)
		for range 101 {
			w.remember(w.kratos.register("passkey").owner)
		}
		reconcile()
		upToAMinute()
		require.Len(w.t, w.log.lines("sweep stopped without marking any identity as deleted; continue with POST /v1/index/reconcile?accept_deletions=N"), 1)
		w.wait(time.Minute)
		require.Empty(w.t, people.tokens(), "retrying at once would find the same")
		reconcile()
	})
}

// TestReconcileIsDoneOnce: any number of requests during a sweep cause one more sweep.
func TestReconcileIsDoneOnce(t *testing.T) {
	inBubble(t, func(w *world) {
		people := &crowd{total: 1, page: 1}
		w.start(func(o *Options) { o.Kratos = people })
		people.tokens()
		people.wait = time.Second
		for range 4 {
			require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
			w.wait(time.Millisecond)
		}
		w.wait(time.Minute)
		require.Len(w.t, people.tokens(), 2, "the one that ran, and one that began after the last question")
	})
}

// TestStopIsQuiet: work that is interrupted by a stop is not logged as a failure.
func TestStopIsQuiet(t *testing.T) {
	for name, shared := range map[string]bool{"alone": false, "as the leader": true} {
		for _, built := range []bool{false, true} {
			t.Run(name+map[bool]string{false: " in a build", true: " in a sweep"}[built], func(t *testing.T) {
				inBubble(t, func(w *world) {
					late := &lateKratos{fakekratos: w.kratos}
					k := w.kratos.register("passkey")
					if !built {
						w.remember(k.owner)
						late.page.Store(int64(10 * time.Second))
					}
					store := w.store
					if shared {
						store = share(store)
					}
					w.startOn(store, func(o *Options) { o.Kratos = late })
					if built {
						late.page.Store(int64(10 * time.Second))
						require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
					}
					late.identity.Store(int64(10 * time.Second))
					w.hook(k.owner, index.FlowLogin)
					w.wait(5 * time.Second)
					p, first, reading := w.d.Progress()
					require.Zero(w.t, p.Identities-p.Resumed)
					require.Equal(w.t, !built, first)
					require.True(w.t, reading)
					require.NoError(w.t, w.stop())
					require.NotContains(w.t, w.log.String(), "level=ERROR")
					require.NotContains(w.t, w.log.String(), "level=WARN")
					require.Len(w.t, stored(w.t, store), 1, "the hook is pulled after the next start")
				})
			})
		}
	}
}
