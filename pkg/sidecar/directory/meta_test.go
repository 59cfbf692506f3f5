package directory

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// tardyStore makes its first change at once but returns from it late.
type tardyStore struct {
	*faultyStore
}

func (s tardyStore) UpdateMeta(ctx context.Context, change func(*index.Meta)) error {
	err := s.faultyStore.UpdateMeta(ctx, change)
	if s.called("UpdateMeta") == 1 {
		time.Sleep(time.Second)
	}
	return err
}

// TestNewestMeta: what is known is what was stored last, in whatever order the
// store answers.
func TestNewestMeta(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := New(t.Context(), Options{Store: tardyStore{newFaultyStore()}})
		require.NoError(t, err)
		go func() {
			if err := d.Reconcile(t.Context(), 3); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		require.NoError(t, d.updateMeta(t.Context(), func(m *index.Meta) { m.BuiltAt = time.Now() }))
		time.Sleep(2 * time.Second)
		require.False(t, d.meta.Load().BuiltAt.IsZero())
		require.Equal(t, 3, d.meta.Load().Accept)
	})
}

// TestTurnIsWaitedForAsLongAsTheContext: a store that hangs delays a caller no longer
// than its context allows, and is called again later.
func TestTurnIsWaitedForAsLongAsTheContext(t *testing.T) {
	inBubble(t, func(w *world) {
		s := &hangingMeta{sharedStore: share(w.store)}
		w.startOn(s)
		w.wait(time.Minute)
		s.hangs.Store(true)
		w.wait(syncEvery)
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(w.t, w.d.Reconcile(ctx, 0), context.DeadlineExceeded)
		w.wait(2 * syncEvery)
		require.NotEmpty(w.t, w.log.lines("cannot read the shared store"))
		began := time.Now()
		require.ErrorIs(w.t, w.d.readMeta(w.t.Context()), context.DeadlineExceeded)
		require.Equal(w.t, 10*time.Second, time.Since(began))
		s.hangs.Store(false)
		w.wait(2 * syncEvery)
		require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
	})
}

// hangingMeta does not answer while it hangs.
type hangingMeta struct {
	sharedStore
	hangs atomic.Bool
}

func (s *hangingMeta) Meta(ctx context.Context) (index.Meta, error) {
	if s.hangs.Load() {
		<-ctx.Done()
		return index.Meta{}, ctx.Err()
	}
	return s.sharedStore.Meta(ctx)
}
