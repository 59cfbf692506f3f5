package directory

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
)

// TestClockJumps sets the clock years ahead and years back: hooks are pulled and
// sweeps correct the index all the same, also over a restart, and nobody who is
// at Kratos is taken for deleted.
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
						require.NoError(t, w.d.Reconcile(t.Context(), 0))
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
