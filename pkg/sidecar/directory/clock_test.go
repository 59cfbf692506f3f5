package directory

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// TestClockJumps sets the clock years ahead and years back. Hooks are still pulled
// and sweeps still correct the index, also after a restart, and no identity that
// Kratos has is marked as deleted.
func TestClockJumps(t *testing.T) {
	const years = 365 * 24 * time.Hour
	for name, jumps := range map[string][]time.Duration{
		"ahead":          {10 * years},
		"back":           {-10 * years},
		"ahead and back": {10 * years, -10 * years},
		"back and ahead": {-10 * years, 10 * years},
		"a little":       {-2 * time.Second, 2 * time.Second, -time.Millisecond},
	} {
		for _, restarts := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " with restarts"}[restarts], func(t *testing.T) {
				inBubble(t, func(w *world) {
					var offset atomic.Int64
					clock := func(o *Options) {
						o.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
					}
					stays := w.kratos.register("passkey")
					old := w.kratos.register("webauthn")
					w.start(clock)
					w.requireOwner(stays, index.Active)
					for _, jump := range jumps {
						offset.Add(int64(jump))
						if restarts {
							require.NoError(t, w.stop())
							w.start(clock)
						}
						w.requireOwner(stays, index.Active)

						fresh := w.kratos.register("passkey")
						w.hook(fresh.owner, index.FlowRegistration)
						w.requireOwner(fresh, index.Active)
						w.kratos.remove(fresh)
						w.hook(fresh.owner, index.FlowSettings)
						w.requireError(fresh, ErrRemoved)

						silent := w.kratos.register("passkey") // its hook is lost
						gone := w.kratos.register("webauthn")
						w.hook(gone.owner, index.FlowRegistration)
						w.requireOwner(gone, index.Active)
						w.kratos.delete(gone.owner)
						require.NoError(t, w.d.Reconcile(w.t.Context(), 0))
						w.wait(time.Minute)
						w.requireOwner(silent, index.Active)
						w.requireError(gone, ErrRemoved)
					}
					w.requireOwner(old, index.Active)
				})
			})
		}
	}
}

// TestClockWasAhead: records from a time when the clock was a year ahead do no harm
// once it is right again.
func TestClockWasAhead(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for name, test := range map[string]func(w *world, setRight func()){
		"a deleted identity is missed": func(w *world, setRight func()) {
			k := w.kratos.register("passkey")
			w.hook(k.owner, index.FlowRegistration)
			setRight()
			w.kratos.delete(k.owner)
			w.wait(7 * time.Hour)
			w.requireError(k, ErrRemoved)
		},
		"and confirmed when it is asked about": func(w *world, setRight func()) {
			k := w.kratos.register("passkey")
			w.hook(k.owner, index.FlowRegistration)
			setRight()
			w.kratos.delete(k.owner)
			w.requireOwner(k, index.Active)
			w.wait(time.Second)
			w.requireError(k, ErrRemoved)
		},
		"several passkeys are pulled again": func(w *world, setRight func()) {
			k := w.kratos.register("passkey")
			second := w.kratos.add(k.owner, "passkey")
			w.hook(k.owner, index.FlowRegistration)
			setRight()
			w.kratos.remove(second) // its handle stays on the list, and no hook tells
			w.wait(13 * time.Hour)
			w.requireError(second, ErrRemoved)
		},
		"a sweep of then is no proof": func(w *world, setRight func()) {
			require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
			w.wait(time.Minute)
			setRight()
			unheardOf := []byte("sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj")
			doubt, err := w.d.UnknownCredential(w.t.Context(), []userhandle.Reading{{Handle: unheardOf}}, []byte("its hook was lost"))
			require.NoError(w.t, err)
			require.Equal(w.t, DoubtNotSwept, doubt)
		},
		"a sweep of then is not asked about for ever": func(w *world, setRight func()) {
			k := w.kratos.register("passkey")
			require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
			w.wait(time.Minute)
			setRight()
			before := w.kratos.pulled()
			for range 10 {
				w.requireOwner(k, index.Active)
				w.wait(time.Minute)
			}
			a, err := w.ask(k)
			require.NoError(w.t, err)
			require.False(w.t, a.ConfirmedAt.After(time.Now()))
			require.Equal(w.t, before+1, w.kratos.pulled())
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				var ahead atomic.Int64
				ahead.Store(int64(year))
				w.start(func(o *Options) { o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) } })
				test(w, func() { ahead.Store(0) })
			})
		})
	}
}
