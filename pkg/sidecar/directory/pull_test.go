package directory

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

func TestBuildAndHooks(t *testing.T) {
	inBubble(t, func(w *world) {
		w.kratos.page = 3
		var keys []fakekey
		for range 10 {
			keys = append(keys, w.kratos.register("passkey"), w.kratos.register("webauthn"))
		}
		w.start()
		for _, k := range keys {
			w.requireOwner(k, index.Active)
		}
		late := w.kratos.register("passkey")
		w.requireError(late, ErrUnknown)
		w.hook(late.owner, index.FlowRegistration)
		w.requireOwner(late, index.Active)
		w.hook(late.owner, index.FlowLogin)
		w.requireOwner(late, index.Active)
		jobs, err := w.store.Jobs(w.t.Context())
		require.NoError(w.t, err)
		require.Empty(w.t, jobs)
	})
}

// TestRepull: a pull is repeated after 1 s and 10 s if it does not show the change that
// the hook announced.
func TestRepull(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		pulls := w.kratos.pulled()
		w.hook(k.owner, index.FlowSettings) // the first look at its key is news
		require.Equal(w.t, pulls+1, w.kratos.pulled())
		w.wait(time.Minute)
		require.Equal(w.t, pulls+1, w.kratos.pulled())

		w.hook(k.owner, index.FlowSettings) // nothing is new: a replica may be behind
		require.Equal(w.t, pulls+2, w.kratos.pulled())
		w.wait(999 * time.Millisecond)
		require.Equal(w.t, pulls+2, w.kratos.pulled())
		w.wait(time.Millisecond)
		require.Equal(w.t, pulls+3, w.kratos.pulled())
		second := w.kratos.add(k.owner, "passkey")
		w.wait(10 * time.Second)
		require.Equal(w.t, pulls+4, w.kratos.pulled())
		w.requireOwner(second, index.Active)
		w.wait(time.Minute)
		require.Equal(w.t, pulls+4, w.kratos.pulled())

		w.hook(k.owner, index.FlowLogin) // a login may change nothing, so the pull is not repeated
		w.wait(time.Minute)
		require.Equal(w.t, pulls+5, w.kratos.pulled())
	})
}

// TestHooksSurvive stops with hooks that were answered and not yet pulled.
func TestHooksSurvive(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start()
		w.kratos.setFailure(errDown)
		var keys []fakekey
		for range 20 {
			k := w.kratos.register("passkey")
			keys = append(keys, k)
			w.hook(k.owner, index.FlowRegistration)
			w.hook(k.owner, index.FlowLogin)
		}
		jobs, err := w.store.Jobs(w.t.Context())
		require.NoError(w.t, err)
		require.Len(w.t, jobs, 20)
		require.Equal(w.t, index.FlowRegistration, jobs[0].Flow, "a login does not hide a registration")
		require.NoError(w.t, w.stop())
		w.kratos.setFailure(nil)
		w.start()
		for _, k := range keys {
			w.requireOwner(k, index.Active)
		}
	})
}

// TestRefreshTells whether the identity exists and whether anything was new.
func TestRefreshTells(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start()
		k := w.kratos.register("passkey")
		for _, want := range [][2]bool{{true, true}, {true, false}} {
			exists, changed, err := w.d.Refresh(w.t.Context(), k.owner)
			require.NoError(w.t, err)
			require.Equal(w.t, want, [2]bool{exists, changed})
		}
		exists, changed, err := w.d.Refresh(w.t.Context(), uuid.New())
		require.NoError(w.t, err)
		require.Equal(w.t, [2]bool{}, [2]bool{exists, changed})
		w.kratos.setFailure(errDown)
		_, _, err = w.d.Refresh(w.t.Context(), k.owner)
		require.ErrorIs(w.t, err, errDown)
	})
}

// TestTooManyWait: answers that wait for Kratos are bounded in number and time.
func TestTooManyWait(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		for range maxInRequest {
			w.d.inRequest <- struct{}{}
		}
		began := time.Now()
		_, _, err := w.d.Refresh(w.t.Context(), k.owner)
		require.EqualError(w.t, err, "this answer requires Kratos, which is unreachable: too many requests are waiting for it: context deadline exceeded")
		require.Equal(w.t, 8*time.Second, time.Since(began))
		for range maxInRequest {
			<-w.d.inRequest
		}
		synctest.Wait()
		_, _, err = w.d.Refresh(w.t.Context(), k.owner)
		require.NoError(w.t, err)
	})
}

// TestHooksGoFirst: however many pulls of its own the directory waits for, the
// next is that of a hook.
func TestHooksGoFirst(t *testing.T) {
	inBubble(t, func(w *world) {
		var ids []uuid.UUID
		for range 4 {
			ids = append(ids, w.kratos.register("passkey").owner)
		}
		late := &lateKratos{fakekratos: w.kratos}
		w.start(func(o *Options) { o.Kratos, o.Pulls = late, 1 })
		late.identity.Store(int64(time.Second))
		before := w.kratos.pulled()
		w.hook(ids[0], index.FlowLogin)
		for _, id := range ids[1:3] {
			w.d.queue.enqueueLocal(id)
			w.wait(time.Millisecond)
		}
		w.hook(ids[3], index.FlowLogin)
		w.wait(time.Minute)
		require.Equal(w.t, []uuid.UUID{ids[0], ids[3], ids[1], ids[2]}, w.kratos.pulls[before:])
	})
}

// TestStopWaitsForPulls that are under way. What they show is stored; their hooks
// are not settled, and are pulled again after the next start.
func TestStopWaitsForPulls(t *testing.T) {
	inBubble(t, func(w *world) {
		late := &lateKratos{fakekratos: w.kratos, deaf: true}
		k := w.kratos.register("passkey")
		w.start(func(o *Options) { o.Kratos = late })
		late.identity.Store(int64(10 * time.Second))
		added := w.exchange(k)
		w.hook(k.owner, index.FlowSettings)
		began := time.Now()
		require.NoError(w.t, w.stop())
		require.Equal(w.t, 10*time.Second, time.Since(began))
		w.requireOwner(added, index.Active)
		require.Len(w.t, stored(w.t, w.store), 1)
		require.NotContains(w.t, w.log.String(), "level=WARN")
		w.start()
		w.wait(time.Minute)
		require.Empty(w.t, stored(w.t, w.store))
	})
}

// TestHookFailsInTheStore: it is tried again, and what cannot be settled is
// pulled once more after the next start.
func TestHookFailsInTheStore(t *testing.T) {
	for _, tc := range []struct {
		method  string
		said    string
		pulls   int // within a minute
		remains int // jobs in the store
	}{
		{"Update", "cannot pull identities; retrying", 2, 0},
		{"Dequeue", "cannot remove a finished job", 1, 1},
	} {
		t.Run(tc.method, func(t *testing.T) {
			inBubble(t, func(w *world) {
				store := newFaultyStore()
				w.store = store
				k := w.kratos.register("passkey")
				w.start()
				pulls := w.kratos.pulled()
				store.failNext(tc.method, 1)
				w.hook(k.owner, index.FlowLogin)
				require.Len(w.t, w.log.lines(tc.said), 1)
				w.wait(time.Minute)
				require.Equal(w.t, pulls+tc.pulls, w.kratos.pulled())
				require.Len(w.t, w.log.lines(tc.said), 1)
				require.Len(w.t, stored(w.t, store), tc.remains)
				require.NoError(w.t, w.stop())
				w.start()
				require.Empty(w.t, stored(w.t, store))
			})
		})
	}
}

// TestFailedPullsAreTold every ten seconds at most, with what waits.
func TestFailedPullsAreTold(t *testing.T) {
	inBubble(t, func(w *world) {
		w.kratos.setFailure(errDown)
		w.start()
		require.NoError(w.t, w.d.Notify(w.t.Context(), mergeID, index.FlowLogin))
		for _, tc := range []struct {
			after time.Duration
			told  int
		}{{0, 1}, {0, 1}, {10*time.Second - 1, 1}, {1, 2}, {1, 2}, {10 * time.Second, 3}} {
			w.wait(tc.after)
			w.d.warn(msgPullFailed, mergeID, errDown)
			require.Len(w.t, w.log.lines("cannot pull identities; retrying"), tc.told)
		}
		require.Equal(w.t,
			`msg="cannot pull identities; retrying" identity_id=3fa85f64-5717-4562-b3fc-2c963f66afa6 error="kratos is down" hooks_waiting=1 oldest_for=0s`,
			w.log.lines("cannot pull identities; retrying")[0])
		w.d.warnedAt.Add(int64(time.Hour)) // the clock was ahead
		w.d.warn(msgPullFailed, mergeID, errDown)
		require.Len(w.t, w.log.lines("cannot pull identities; retrying"), 4)
	})
}
