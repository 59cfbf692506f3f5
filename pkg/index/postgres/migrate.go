package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// lockKey is the advisory lock under which tables are made: replicas that start
// together wait for each other.
const lockKey = 0x6f6c7970 // "olyp"

// leadKey is the advisory lock of the replica that builds and sweeps.
const leadKey = lockKey + 1

// migrations are applied in order, each once; the table's version is how many
// were.
func migrations() []string {
	return []string{`
CREATE TABLE oly_passkey_identities (
	id UUID PRIMARY KEY,
	record BYTEA NOT NULL,
	deleted BOOLEAN NOT NULL DEFAULT false,
	active INT NOT NULL DEFAULT 0,
	orphaned INT NOT NULL DEFAULT 0,
	removed INT NOT NULL DEFAULT 0,
	unknown INT NOT NULL DEFAULT 0
);
CREATE TABLE oly_passkey_handles (
	digest BYTEA NOT NULL,
	id UUID NOT NULL,
	PRIMARY KEY (digest, id)
);
CREATE TABLE oly_passkey_jobs (
	id UUID PRIMARY KEY,
	number BIGINT NOT NULL,
	flow SMALLINT NOT NULL
);
INSERT INTO oly_passkey_meta (key, value) VALUES ('meta', '{}');
`}
}

func (s *Store) migrate(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, lockKey); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS oly_passkey_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO oly_passkey_meta (key, value) VALUES ('version', '0') ON CONFLICT (key) DO NOTHING`); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRow(ctx, `SELECT CAST(value AS INT) FROM oly_passkey_meta WHERE key = 'version'`).Scan(&version); err != nil {
			return err
		}
		all := migrations()
		if version > len(all) {
			return fmt.Errorf("tables have version %d, this program knows %d: it is too old", version, len(all))
		}
		for _, m := range all[version:] {
			if _, err := tx.Exec(ctx, m); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE oly_passkey_meta SET value = CAST(CAST($1 AS INT) AS TEXT) WHERE key = 'version'`, len(all))
		return err
	})
}

// Lead implements index.Leader with a lock that lives as long as a connection.
func (s *Store) Lead(ctx context.Context) (release func(), ok bool, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, false, err
	}
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, leadKey).Scan(&ok); err != nil || !ok {
		conn.Release()
		return nil, false, err
	}
	// The connection is closed rather than given back: that drops the lock even
	// where the database cannot be asked any more.
	return func() { _ = conn.Hijack().Close(context.WithoutCancel(ctx)) }, true, nil
}
