package directory

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
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

// TestRepull repeats a pull after 1 s and 10 s where a hook promised more than
// the pull showed.
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

		w.hook(k.owner, index.FlowLogin) // a login changes nothing, so no news is no surprise
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
		require.EqualError(w.t, err, "kratos has to be asked and cannot be: too many answers wait for it: context deadline exceeded")
		require.Equal(w.t, 15*time.Second, time.Since(began))
		for range maxInRequest {
			<-w.d.inRequest
		}
		synctest.Wait()
		_, _, err = w.d.Refresh(w.t.Context(), k.owner)
		require.NoError(w.t, err)
	})
}
