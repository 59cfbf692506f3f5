package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// lockKey is the advisory lock for migrations: replicas that start at the same time
// wait for each other. On CockroachDB the lock has no effect
// (cockroachdb/cockroach#13546), which is harmless: every statement can run twice,
// even concurrently.
const lockKey = 0x6f6c7970 // "olyp"

// withOwners is the version that stores the owner with every handle.
const withOwners = 6

// migrations are applied in order; the version of the tables is the number of applied
// ones. Each is a list of repeatable statements.
func migrations() [][]string {
	return [][]string{
		{
			`CREATE TABLE IF NOT EXISTS oly_passkey_identities (
				id UUID PRIMARY KEY,
				record BYTEA NOT NULL,
				deleted BOOLEAN NOT NULL DEFAULT false,
				active INT NOT NULL DEFAULT 0,
				orphaned INT NOT NULL DEFAULT 0,
				removed INT NOT NULL DEFAULT 0,
				unknown INT NOT NULL DEFAULT 0
			)`,
			`CREATE TABLE IF NOT EXISTS oly_passkey_handles (
				digest BYTEA NOT NULL,
				id UUID NOT NULL,
				PRIMARY KEY (digest, id)
			)`,
			`CREATE TABLE IF NOT EXISTS oly_passkey_jobs (
				id UUID PRIMARY KEY,
				number BIGINT NOT NULL,
				flow SMALLINT NOT NULL
			)`,
			`INSERT INTO oly_passkey_meta (key, value) VALUES ('meta', '{}') ON CONFLICT (key) DO NOTHING`,
		},
		{
			`CREATE TABLE IF NOT EXISTS oly_passkey_lease (
				name TEXT PRIMARY KEY,
				holder UUID NOT NULL,
				until TIMESTAMPTZ NOT NULL
			)`,
		},
		{
			`CREATE TABLE IF NOT EXISTS oly_passkey_stats (
				shard INT PRIMARY KEY,
				identities BIGINT NOT NULL,
				deleted BIGINT NOT NULL,
				active BIGINT NOT NULL,
				orphaned BIGINT NOT NULL,
				removed BIGINT NOT NULL,
				unknown BIGINT NOT NULL
			)`,
			`INSERT INTO oly_passkey_stats (shard, identities, deleted, active, orphaned, removed, unknown)
				SELECT 0, count(*), count(*) FILTER (WHERE deleted), CAST(coalesce(sum(active), 0) AS BIGINT), CAST(coalesce(sum(orphaned), 0) AS BIGINT),
				CAST(coalesce(sum(removed), 0) AS BIGINT), CAST(coalesce(sum(unknown), 0) AS BIGINT)
				FROM oly_passkey_identities WHERE record <> '' ON CONFLICT (shard) DO NOTHING`,
		},
		{ // separate, because the previous migration reads these columns, also if it is repeated
			`ALTER TABLE oly_passkey_identities DROP COLUMN IF EXISTS deleted`,
			`ALTER TABLE oly_passkey_identities DROP COLUMN IF EXISTS active`,
			`ALTER TABLE oly_passkey_identities DROP COLUMN IF EXISTS orphaned`,
			`ALTER TABLE oly_passkey_identities DROP COLUMN IF EXISTS removed`,
			`ALTER TABLE oly_passkey_identities DROP COLUMN IF EXISTS unknown`,
		},
		{`ALTER TABLE oly_passkey_handles ADD COLUMN IF NOT EXISTS owner BYTEA NOT NULL DEFAULT ''`},
		{}, // withOwners: fillOwners
	}
}

// migrate creates the tables, or upgrades those of an older program.
func (s *Store) migrate(ctx context.Context) (err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, lockKey); err != nil {
		return err
	}
	defer func() {
		_, unlock := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockKey)
		err = errors.Join(err, unlock)
	}()
	err = run(ctx, conn,
		`CREATE TABLE IF NOT EXISTS oly_passkey_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)`,
		`INSERT INTO oly_passkey_meta (key, value) VALUES ('version', '0') ON CONFLICT (key) DO NOTHING`)
	if err != nil {
		return err
	}
	var version int
	if err := conn.QueryRow(ctx, `SELECT CAST(value AS INT) FROM oly_passkey_meta WHERE key = 'version'`).Scan(&version); err != nil {
		return err
	}
	all := migrations()
	if version > len(all) {
		return &index.NewerError{Found: version, Supported: len(all)}
	}
	for n, statements := range all[version:] {
		if err := run(ctx, conn, statements...); err != nil {
			return err
		}
		if version+n+1 == withOwners {
			if err := s.fillOwners(ctx); err != nil {
				return err
			}
		}
		if err := run(ctx, conn, fmt.Sprintf(`UPDATE oly_passkey_meta SET value = '%d' WHERE key = 'version'`, version+n+1)); err != nil {
			return err
		}
	}
	return nil
}

// fillBatch is the number of records per transaction of fillOwners.
const fillBatch = 2000

// fillOwners stores the owner with every handle, and sets the records to a version
// that older programs, which do not update the owners, cannot change. It can be
// repeated, and run concurrently with such a program.
func (s *Store) fillOwners(ctx context.Context) error {
	for from := uuid.Nil; ; {
		var last uuid.UUID
		err := s.transact(ctx, func(tx pgx.Tx) (err error) {
			var w writes
			last = uuid.Nil
			rows, err := tx.Query(ctx, `SELECT id, record FROM oly_passkey_identities WHERE id > $1 ORDER BY id LIMIT $2 FOR UPDATE`, from, fillBatch)
			if err != nil {
				return err
			}
			var id uuid.UUID
			var record []byte
			_, err = pgx.ForEachRow(rows, []any{&id, &record}, func() error {
				last = id
				if len(record) == 0 || index.Current(record) {
					return nil
				}
				i, err := index.Decode(id, record)
				if err != nil {
					return fmt.Errorf("identity %s: %w", id, err)
				}
				w.addOwners(nil, i)
				w.ids, w.records = append(w.ids, id), append(w.records, i.Encode())
				return nil
			})
			if err != nil {
				return err
			}
			return w.flush(ctx, tx)
		})
		if err != nil || last == uuid.Nil {
			return err
		}
		from = last
	}
}

// run executes statements, and retries them if another replica did the same at the
// same time.
func run(ctx context.Context, conn *pgxpool.Conn, statements ...string) error {
	for _, sql := range statements {
		for try := 1; ; try++ {
			_, err := conn.Exec(ctx, sql)
			if err == nil {
				break
			}
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || try == tries || !slices.Contains([]string{"40001", "40P01", "23505", "42P07"}, pg.Code) {
				return err
			}
			if err := pause(ctx, try); err != nil {
				return err
			}
		}
	}
	return nil
}

// tries is the maximum number of attempts of a conflicting statement or transaction.
const tries = 10

func pause(ctx context.Context, try int) error {
	select {
	case <-time.After(time.Duration(try) * 5 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
