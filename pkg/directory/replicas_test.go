package directory

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
)

// sharedStore is a memory store that several directories share.
type sharedStore struct {
	index.Store
	lead *atomic.Pointer[context.CancelFunc] // of the one that leads
}

// Lead implements index.Leader.
func (s sharedStore) Lead(ctx context.Context) (context.Context, func(), error) {
	lead, lose := context.WithCancel(ctx)
	if !s.lead.CompareAndSwap(nil, &lose) {
		lose()
		return nil, nil, nil
	}
	return lead, func() { lose(); s.lead.CompareAndSwap(&lose, nil) }, nil
}

// TestReplicas lets two directories share a store: one builds, hooks reach
// either, and what one did not survive the other takes up.
func TestReplicas(t *testing.T) {
	inBubble(t, func(w *world) {
		shared := sharedStore{w.store, &atomic.Pointer[context.CancelFunc]{}}
		share := func(o *Options) { o.Store = shared }
		first := w.kratos.register("passkey")
		w.start(share)
		other := &world{t: w.t, kratos: w.kratos, store: w.store, log: &said{}}
		other.start(share)
		w.requireOwner(first, index.Active)
		other.requireOwner(first, index.Active)
		require.Contains(w.t, w.log.String(), "this server builds and sweeps")
		require.NotContains(w.t, other.log.String(), "this server builds and sweeps")
		other.wait(shareEvery) // until it has seen that the index is complete
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
		w.wait(orphanedJob + 2*shareEvery)
		w.requireOwner(third, index.Active)

		w.kratos.delete(first.owner)
		require.NoError(w.t, other.d.Reconcile(w.t.Context(), 0))
		w.wait(2 * shareEvery)
		w.requireError(first, ErrRemoved)

		other.start(share)
		require.NoError(w.t, w.stop())
		other.wait(2 * shareEvery)
		require.Contains(w.t, other.log.String(), "this server builds and sweeps")

		(*shared.lead.Load())()
		other.wait(2 * shareEvery)
		require.Contains(w.t, other.log.String(), "this server does not lead any more")
		require.NotNil(w.t, shared.lead.Load(), "it leads again, since nobody else does")
	})
}
