package bench_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/olympusoss/oly-passkey/kratos/bench/fakekratos"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/bolt"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/postgres"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// fill stores size identities with one passkey each, in batches of atOnce.
func fill(t *testing.T, size, atOnce int, store func(ids []uuid.UUID, change index.Change) error) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	const batch = 20_000
	var g errgroup.Group
	g.SetLimit(atOnce)
	for from := 0; from < size; from += batch {
		g.Go(func() error {
			var ids []uuid.UUID
			numbers := map[uuid.UUID]int{}
			for n := from; n < min(size, from+batch); n++ {
				id := fakekratos.ID(n, size)
				ids, numbers[id] = append(ids, id), n
			}
			return store(ids, func(id uuid.UUID, _ *index.Identity) *index.Identity {
				handle, credential := userhandle.DigestOf([]byte(fakekratos.Handle(numbers[id]))), userhandle.DigestOf(credentialID(numbers[id]))
				return &index.Identity{
					ID: id, SeenAt: now, PulledAt: now,
					Handles:     []index.Handle{{Digest: handle, Kind: index.Passkey, State: index.Active, Pulled: true, FirstSeen: now}},
					Credentials: []index.Credential{{Digest: credential, Kind: index.Passkey, Handle: handle, Live: true}},
				}
			})
		})
	}
	require.NoError(t, g.Wait())
}

func complete(m *index.Meta) {
	m.BuiltAt = time.Now().UTC()
	m.SweepStartedAt, m.SweepEndedAt = m.BuiltAt, m.BuiltAt
}

func fillBolt(t *testing.T, dir string, size int) {
	t.Helper()
	s, err := bolt.Open(dir)
	require.NoError(t, err)
	fill(t, size, 1, func(ids []uuid.UUID, change index.Change) error { // a load takes them in order
		return s.Load(t.Context(), ids, change, func(*index.Meta) {})
	})
	require.NoError(t, s.FinishLoad(t.Context()))
	require.NoError(t, s.UpdateMeta(t.Context(), complete))
	require.NoError(t, s.Close())
}

func fillPostgres(t *testing.T, dsn string, size int) {
	t.Helper()
	s, err := postgres.Open(t.Context(), dsn)
	require.NoError(t, err)
	fill(t, size, cores()+1, func(ids []uuid.UUID, change index.Change) error {
		_, err := s.Update(t.Context(), ids, change)
		return err
	})
	require.NoError(t, s.UpdateMeta(t.Context(), complete))
	require.NoError(t, s.Close())
}
