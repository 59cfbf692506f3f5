//go:build realkratos

package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/index/indextest"
	"github.com/olympusoss/oly-passkey/pkg/index/postgres"
	"github.com/olympusoss/oly-passkey/pkg/index/postgres/postgrestest"
)

func openStore(t *testing.T, dsn string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestRealPostgresStore(t *testing.T) {
	c := postgrestest.Start(t)
	dsns := map[index.Store]string{}
	open := func(t *testing.T, dsn string) index.Store {
		t.Helper()
		s := openStore(t, dsn)
		dsns[s] = dsn
		return s
	}
	indextest.Run(t,
		func(t *testing.T) index.Store { t.Helper(); return open(t, c.Database(t)) },
		func(t *testing.T, s index.Store) index.Store {
			t.Helper()
			require.NoError(t, s.Close())
			return open(t, dsns[s])
		})
}

// TestRealPostgresReplicas starts several at once on an empty database; one of
// them leads, and another as soon as it is gone.
func TestRealPostgresReplicas(t *testing.T) {
	c := postgrestest.Start(t)
	dsn := c.Database(t)
	stores := make(chan *postgres.Store, 4)
	for range cap(stores) {
		go func() {
			s, err := postgres.Open(context.Background(), dsn)
			if err != nil {
				t.Error(err)
			}
			stores <- s
		}()
	}
	var all []*postgres.Store
	for range cap(stores) {
		s := <-stores
		require.NotNil(t, s)
		all = append(all, s)
		defer func() { require.NoError(t, s.Close()) }()
	}
	lead, release, err := all[0].Lead(t.Context())
	require.NoError(t, err)
	require.NotNil(t, lead)
	second, _, err := all[1].Lead(t.Context())
	require.NoError(t, err)
	require.Nil(t, second)
	release()
	require.Error(t, lead.Err())
	lead, release, err = all[1].Lead(t.Context())
	require.NoError(t, err)
	require.NotNil(t, lead, "it was given back")

	// A leader that was cut off for longer than its lease lasts finds another one.
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `UPDATE oly_passkey_lease SET until = now() - INTERVAL '1 second'`)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	third, release3, err := all[2].Lead(t.Context())
	require.NoError(t, err)
	require.NotNil(t, third)
	select {
	case <-lead.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("two lead")
	}
	release()
	require.NoError(t, third.Err(), "whoever lost the lead gives nothing back")
	fourth, _, err := all[3].Lead(t.Context())
	require.NoError(t, err)
	require.Nil(t, fourth)
	release3()
	// What one writes the others find.
	job := index.Job{Identity: uuid.New(), Number: 1, Flow: index.FlowLogin}
	require.NoError(t, all[2].Enqueue(t.Context(), job))
	jobs, err := all[3].Jobs(t.Context())
	require.NoError(t, err)
	require.Equal(t, []index.Job{job}, jobs)
}

// TestRealPostgresRestart restarts the database under a store.
func TestRealPostgresRestart(t *testing.T) {
	c := postgrestest.Start(t)
	s := openStore(t, c.Database(t))
	require.NoError(t, s.UpdateMeta(t.Context(), func(m *index.Meta) { m.BuildToken = "t" }))
	c.Stop(t)
	_, err := s.Meta(t.Context())
	require.Error(t, err)
	c.Resume(t)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		m, err := s.Meta(t.Context())
		if err == nil {
			require.Equal(t, "t", m.BuildToken)
			return
		}
		require.False(t, time.Now().After(deadline), "the store does not come back: %v", err)
	}
}

func TestRealPostgresErrors(t *testing.T) {
	_, err := postgres.Open(t.Context(), "postgres://me:secret@host:port/x")
	require.EqualError(t, err, "postgres: the dsn cannot be read; want one such as postgres://user@host/database")
	_, err = postgres.Open(t.Context(), "host=/nowhere user=me password=secret database=x")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}
