package index_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// forgetful is a store that has lost its handles and its figures.
type forgetful struct{ index.Store }

func (forgetful) Owners(context.Context, userhandle.Digest) ([]*index.Identity, error) {
	return nil, nil
}

func (forgetful) Stats(context.Context) (index.Stats, error) { return index.Stats{}, nil }

func TestVerify(t *testing.T) {
	s := filled(t, 3)
	none := func(problem string) { t.Error(problem) }
	counted, err := index.Verify(t.Context(), s, none)
	require.NoError(t, err)
	require.Equal(t, 3, counted.Identities)
	var problems []string
	_, err = index.Verify(t.Context(), forgetful{s}, func(p string) { problems = append(problems, p) })
	require.NoError(t, err)
	require.Len(t, problems, 3*2+1)
	require.Equal(t, fmt.Sprintf("figures are %+v, counted are %+v", index.Stats{}, counted), problems[6])
}

// vanishing is a store that others erase before their handles are looked up.
type vanishing struct{ index.Store }

func (s vanishing) After(ctx context.Context, id uuid.UUID, limit int) ([]*index.Identity, error) {
	page, err := s.Store.After(ctx, id, limit)
	for n, i := range page {
		_, _ = s.Update(ctx, []uuid.UUID{i.ID}, func(_ uuid.UUID, cur *index.Identity) *index.Identity {
			if n%2 == 0 {
				return nil
			}
			cur.Handles = nil
			return cur
		})
	}
	return page, err
}

// TestVerifyWhileItIsWritten: what is not there any more is no disagreement.
func TestVerifyWhileItIsWritten(t *testing.T) {
	counted, err := index.Verify(t.Context(), vanishing{filled(t, 4)}, func(problem string) { t.Error(problem) })
	require.NoError(t, err)
	require.Equal(t, 4, counted.Identities)
	_, err = index.Verify(t.Context(), written{filled(t, 3)}, func(problem string) { t.Error(problem) })
	require.NoError(t, err)
}
