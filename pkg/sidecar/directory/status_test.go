package directory

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// TestStatus: what waits, and what is read, from the front at every sweep.
func TestStatus(t *testing.T) {
	inBubble(t, func(w *world) {
		status := func() Status {
			w.t.Helper()
			s, err := w.d.Status(w.t.Context())
			require.NoError(w.t, err)
			require.Equal(w.t, w.meta(w.store), s.Meta)
			s.Meta = index.Meta{}
			return s
		}
		stays := w.kratos.register("passkey")
		w.remember(stays.owner)
		stats := index.Stats{Identities: 1, Active: 1}
		w.kratos.setFailure(errDown)
		people := &crowd{total: 3, page: 1, wait: time.Second}
		w.start(func(o *Options) { o.Kratos = stayingIn{people, w.kratos} })
		require.Equal(w.t, Status{Stats: stats}, status(), "nobody has answered yet")
		require.NoError(w.t, w.d.Notify(w.t.Context(), stays.owner, index.FlowLogin))
		w.d.queue.enqueueLocal(mergeID)
		w.d.queue.enqueueLocal(numbered(1))
		time.Sleep(time.Millisecond)
		require.Equal(w.t, Status{Stats: stats, Hooks: 1, OldestFor: time.Millisecond, Background: 2}, status())

		w.kratos.setFailure(nil)
		w.wait(time.Minute)
		require.Equal(w.t, Status{Complete: true, Stats: stats, Read: 3, Fraction: 0.75}, status())

		require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
		w.wait(time.Second / 2)
		require.Equal(w.t, Status{Complete: true, Stats: stats, Reading: true}, status())
		p, first, reading := w.d.Progress()
		require.Equal(w.t, kratosadmin.Progress{Elapsed: time.Second / 2}, p)
		require.False(w.t, first)
		require.True(w.t, reading)
		w.wait(time.Second)
		require.Equal(w.t, Status{Complete: true, Stats: stats, Reading: true, Read: 1, Fraction: 0.25}, status())
		w.wait(time.Minute)
		require.Equal(w.t, Status{Complete: true, Stats: stats, Read: 3, Fraction: 0.75}, status())
	})
}
