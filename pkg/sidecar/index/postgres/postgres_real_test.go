//go:build realkratos

package postgres_test

import (
	"bytes"
	"context"
	_ "embed"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/postgrestest"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/indextest"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/postgres"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
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
	at, err := all[3].Clock(t.Context())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute) // one machine
	// What one writes the others find.
	job := index.Job{Identity: uuid.New(), Number: 1, Flow: index.FlowLogin}
	_, err = all[2].Enqueue(t.Context(), job)
	require.NoError(t, err)
	jobs, err := all[3].Jobs(t.Context())
	require.NoError(t, err)
	require.Equal(t, []index.Job{job}, jobs)
}

// versionTwo is what a program made that counted rows whenever it was asked.
const versionTwo = `
CREATE TABLE oly_passkey_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO oly_passkey_meta (key, value) VALUES ('version', '2'), ('meta', '{"build_token":"t"}');
CREATE TABLE oly_passkey_identities (id UUID PRIMARY KEY, record BYTEA NOT NULL, deleted BOOLEAN NOT NULL DEFAULT false, active INT NOT NULL DEFAULT 0,
	orphaned INT NOT NULL DEFAULT 0, removed INT NOT NULL DEFAULT 0, unknown INT NOT NULL DEFAULT 0);
CREATE TABLE oly_passkey_handles (digest BYTEA NOT NULL, id UUID NOT NULL, PRIMARY KEY (digest, id));
CREATE TABLE oly_passkey_jobs (id UUID PRIMARY KEY, number BIGINT NOT NULL, flow SMALLINT NOT NULL);
CREATE TABLE oly_passkey_lease (name TEXT PRIMARY KEY, holder UUID NOT NULL, until TIMESTAMPTZ NOT NULL);
`

// TestRealPostgresMigration takes over the tables of an older program.
func TestRealPostgresMigration(t *testing.T) {
	c := postgrestest.Start(t)
	dsn := c.Database(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), versionTwo)
	require.NoError(t, err)
	var people []*index.Identity
	for n, state := range []index.State{index.Active, index.Active, index.Orphaned, index.Removed, index.Unknown} {
		i := &index.Identity{ID: uuid.UUID{byte(n + 1)}, Handles: []index.Handle{{Digest: userhandle.Digest{byte(n)}, Kind: index.WebAuthn, State: state}}}
		if n == 1 {
			i.DeletedAt = time.Unix(1, 0).UTC()
		}
		people = append(people, i)
		var st index.Stats
		st.Replace(nil, i)
		_, err := conn.Exec(t.Context(), `INSERT INTO oly_passkey_identities VALUES ($1, $2, $3, $4, $5, $6, $7)`, i.ID, i.Encode(), st.Deleted > 0, st.Active, st.Orphaned, st.Removed, st.Unknown)
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), `INSERT INTO oly_passkey_handles VALUES ($1, $2)`, i.Handles[0].Digest[:], i.ID)
		require.NoError(t, err)
	}
	want := index.Stats{Identities: 5, Deleted: 1, Active: 1, Orphaned: 1, Removed: 2, Unknown: 1}
	for range 2 { // and once more, now that there is nothing to do
		s := openStore(t, dsn)
		stats, err := s.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, stats)
		found, err := s.After(t.Context(), uuid.Nil, 10)
		require.NoError(t, err)
		require.Equal(t, people, found)
		meta, err := s.Meta(t.Context())
		require.NoError(t, err)
		require.Equal(t, index.Meta{BuildToken: "t"}, meta)
		counted, err := index.Verify(t.Context(), s, func(problem string) { t.Error(problem) })
		require.NoError(t, err)
		require.Equal(t, want, counted)
	}
	_, err = conn.Exec(t.Context(), `UPDATE oly_passkey_meta SET value = '99' WHERE key = 'version'`)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	_, err = postgres.Open(t.Context(), dsn)
	require.EqualError(t, err, "postgres: index has format 99; this program supports formats up to 6: "+
		"use the newer program, or export the index with `oly-passkey index export` and import it into an empty one")
	r, err := postgres.OpenReader(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	var export bytes.Buffer
	exported, err := index.Export(t.Context(), r, &export)
	require.NoError(t, err)
	require.Equal(t, len(people), exported)
}

// versionFour is a dump of tables with indextest.Sample, made by the last program
// that kept nothing beside handles.
//
//go:embed testdata/version4.sql
var versionFour string

// TestRealPostgresUpgrade takes over the tables of the last program before, also
// after the upgrade was cut off, and also if such a program still writes.
func TestRealPostgresUpgrade(t *testing.T) {
	c := postgrestest.Start(t)
	dsn := c.Database(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := conn.Exec(t.Context(), sql, args...)
		require.NoError(t, err)
	}
	exec(versionFour)
	beside := func() (with, without int) {
		t.Helper()
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE owner <> ''), count(*) FILTER (WHERE owner = '') FROM oly_passkey_handles`).Scan(&with, &without))
		return with, without
	}
	people := indextest.Sample()
	requireAll := func(s *postgres.Store) {
		t.Helper()
		found, err := s.After(t.Context(), uuid.Nil, 100)
		require.NoError(t, err)
		require.Equal(t, people, found)
		indextest.RequireOwners(t, s, people...)
		with, without := beside()
		require.Equal(t, []int{10, 200}, []int{with, without})
	}
	for range 2 { // and once more, now that there is nothing to do
		s := openStore(t, dsn)
		requireAll(s)
		jobs, err := s.Jobs(t.Context())
		require.NoError(t, err)
		require.Equal(t, []index.Job{{Identity: people[0].ID, Number: 7, Flow: index.FlowSettings}}, jobs)
		meta, err := s.Meta(t.Context())
		require.NoError(t, err)
		require.Equal(t, index.Meta{BuiltAt: time.Unix(1000, 0).UTC(), Missing: 3}, meta)
	}
	var record []byte
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT record FROM oly_passkey_identities WHERE id = $1`, people[0].ID).Scan(&record))
	require.True(t, index.Current(record))

	// The upgrade was interrupted after some records, and the last one was stored by an
	// older program that still runs: its handle's row has no lookup result.
	exec(`UPDATE oly_passkey_meta SET value = '5' WHERE key = 'version'`)
	for _, i := range people[3:] {
		record := i.Encode()
		record[0] = 1
		exec(`UPDATE oly_passkey_identities SET record = $2 WHERE id = $1`, i.ID, record)
		exec(`UPDATE oly_passkey_handles SET owner = '' WHERE id = $1`, i.ID)
	}
	with, _ := beside()
	require.Equal(t, 5, with)
	requireAll(openStore(t, dsn))
	late := &index.Identity{ID: uuid.UUID{250}, Handles: []index.Handle{{Digest: userhandle.Digest{250}, Kind: index.WebAuthn, State: index.Active}}}
	record = late.Encode()
	record[0] = 1
	exec(`INSERT INTO oly_passkey_identities (id, record) VALUES ($1, $2)`, late.ID, record)
	exec(`INSERT INTO oly_passkey_handles (digest, id) VALUES ($1, $2)`, late.Handles[0].Digest[:], late.ID)
	exec(`UPDATE oly_passkey_stats SET identities = identities + 1, active = active + 1 WHERE shard = (SELECT min(shard) FROM oly_passkey_stats)`)
	s := openStore(t, dsn)
	indextest.RequireOwners(t, s, append(people, late)...)
	late = late.Clone()
	late.Handles[0].State = index.Removed
	_, err = s.Update(t.Context(), []uuid.UUID{late.ID}, func(uuid.UUID, *index.Identity) *index.Identity { return late })
	require.NoError(t, err)
	indextest.RequireOwners(t, s, append(people, late)...)
	with, _ = beside()
	require.Equal(t, 11, with)
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
	require.EqualError(t, err, "postgres: invalid DSN: want something like postgres://user@host/database")
	_, err = postgres.Open(t.Context(), "host=/nowhere user=me password=secret database=x")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}
