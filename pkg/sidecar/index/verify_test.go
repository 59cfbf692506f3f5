package index_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// forgetful is a store that has lost its handles and its figures.
type forgetful struct{ index.Store }

func (forgetful) Owners(context.Context, userhandle.Digest) ([]index.Owner, error) {
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
	require.Equal(t, fmt.Sprintf("stored statistics are %+v, but the records give %+v", index.Stats{}, counted), problems[6])
}

// stale is a store whose lookups return the results of earlier records, and whose file
// is damaged.
type stale struct{ index.Store }

func (s stale) Owners(ctx context.Context, handle userhandle.Digest) ([]index.Owner, error) {
	owners, err := s.Store.Owners(ctx, handle)
	for n := range owners {
		owners[n].State = index.Unknown
	}
	return owners, err
}

func (stale) Check(_ context.Context, report func(string)) error {
	report("page 7 is damaged")
	return nil
}

// TestVerifyComparesWithRecords: a handle's lookup result must agree with its record.
func TestVerifyComparesWithRecords(t *testing.T) {
	i := full()
	i.DeletedAt = time.Time{}
	s := memory.New()
	_, err := s.Update(t.Context(), []uuid.UUID{i.ID}, func(uuid.UUID, *index.Identity) *index.Identity { return i })
	require.NoError(t, err)
	var problems []string
	_, err = index.Verify(t.Context(), stale{s}, func(p string) { problems = append(problems, p) })
	require.NoError(t, err)
	require.Equal(t, []string{
		"page 7 is damaged",
		fmt.Sprintf("identity %s: its handle %s resolves to data that differs from its record", i.ID, i.Handles[0].Digest),
		fmt.Sprintf("identity %s: its handle %s resolves to data that differs from its record", i.ID, i.Handles[1].Digest),
	}, problems)
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

// TestVerifyWhileItIsWritten: a record that is gone is not reported as a problem.
func TestVerifyWhileItIsWritten(t *testing.T) {
	counted, err := index.Verify(t.Context(), vanishing{filled(t, 4)}, func(problem string) { t.Error(problem) })
	require.NoError(t, err)
	require.Equal(t, 4, counted.Identities)
	_, err = index.Verify(t.Context(), written{filled(t, 3)}, func(problem string) { t.Error(problem) })
	require.NoError(t, err)
}
