package directory

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
)

// tardyStore answers its first change late, after it has made it.
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
