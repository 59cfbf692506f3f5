// Package postgres is the index store for several replicas, in PostgreSQL or
// CockroachDB.
//
// Its SQL is limited to what CockroachDB also documents: tables of plain columns with
// primary keys, INSERT ... ON CONFLICT ... RETURNING, SELECT ... FOR UPDATE,
// UPDATE ... FROM, unnest in a select list, ANY of an array, and transactions that
// are retried after 40001. It does not use session locks, notifications, sequences,
// triggers, functions or COPY. TestStatements checks that; the tests run on
// PostgreSQL.
package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

var _ index.Leader = (*Store)(nil)

// Reader reads the records of a database.
type Reader struct{ pool *pgxpool.Pool }

// Store is an index in a database.
type Store struct{ Reader }

// Open connects, and creates the tables or upgrades those of an older program. It
// returns index.NewerError if a newer program created them. Errors never contain the
// DSN, which may include a password.
func Open(ctx context.Context, dsn string) (*Store, error) {
	r, err := OpenReader(ctx, dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{*r}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("postgres: %w", err), s.Close())
	}
	return s, nil
}

// OpenReader connects to an index of any version for reading, without changing it.
func OpenReader(ctx context.Context, dsn string) (*Reader, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("postgres: invalid DSN: want something like postgres://user@host/database")
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return &Reader{pool}, nil
}

// Close implements index.Store.
func (r *Reader) Close() error {
	r.pool.Close()
	return nil
}

// Owners implements index.Store.
func (r *Reader) Owners(ctx context.Context, handle userhandle.Digest) ([]index.Owner, error) {
	rows, err := r.pool.Query(ctx, `SELECT id, owner FROM oly_passkey_handles WHERE digest = $1 ORDER BY id`, handle[:])
	if err != nil {
		return nil, err
	}
	var owners []index.Owner
	var records []uuid.UUID // to be read instead
	var id uuid.UUID
	var encoded []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &encoded}, func() error {
		o, ok, err := index.DecodeOwner(id, encoded)
		switch {
		case err != nil:
			return fmt.Errorf("identity %s: %w", id, err)
		case ok:
			owners = append(owners, o)
		default:
			records = append(records, id)
		}
		return nil
	})
	if err != nil || len(records) == 0 {
		return owners, err
	}
	found, err := r.identities(ctx, records)
	if err != nil {
		return nil, err
	}
	for _, i := range found {
		if o, ok := i.Owner(handle); ok {
			owners = append(owners, o)
		}
	}
	slices.SortFunc(owners, func(a, b index.Owner) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return owners, nil
}

func (r *Reader) identities(ctx context.Context, ids []uuid.UUID) ([]*index.Identity, error) {
	rows, err := r.pool.Query(ctx, `SELECT id, record FROM oly_passkey_identities WHERE id = ANY($1)`, ids)
	return collect(rows, err)
}

// Identity implements index.Store.
func (r *Reader) Identity(ctx context.Context, id uuid.UUID) (*index.Identity, error) {
	found, err := r.identities(ctx, []uuid.UUID{id})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// After implements index.Store.
func (r *Reader) After(ctx context.Context, id uuid.UUID, limit int) ([]*index.Identity, error) {
	rows, err := r.pool.Query(ctx, `SELECT id, record FROM oly_passkey_identities WHERE id > $1 ORDER BY id LIMIT $2`, id, limit)
	return collect(rows, err)
}

// collect decodes rows of ID and record. It skips empty records, which are
// placeholders of records about to be written.
func collect(rows pgx.Rows, err error) ([]*index.Identity, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []*index.Identity
	for rows.Next() {
		var id uuid.UUID
		var record []byte
		if err := rows.Scan(&id, &record); err != nil {
			return nil, err
		}
		if len(record) == 0 {
			continue
		}
		i, err := index.Decode(id, record)
		if err != nil {
			return nil, fmt.Errorf("identity %s: %w", id, err)
		}
		found = append(found, i)
	}
	return found, rows.Err()
}

// Meta implements index.Store.
func (r *Reader) Meta(ctx context.Context) (index.Meta, error) { return readMeta(ctx, r.pool, "") }

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func readMeta(ctx context.Context, q querier, lock string) (m index.Meta, err error) {
	var raw string
	err = q.QueryRow(ctx, `SELECT value FROM oly_passkey_meta WHERE key = 'meta'`+lock).Scan(&raw)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		return m, fmt.Errorf("index is damaged: meta: %w", err)
	}
	return m, nil
}

// UpdateMeta implements index.Store.
func (s *Store) UpdateMeta(ctx context.Context, change func(*index.Meta)) error {
	return s.transact(ctx, func(tx pgx.Tx) error {
		m, err := readMeta(ctx, tx, " FOR UPDATE")
		if err != nil {
			return err
		}
		change(&m)
		raw, err := json.Marshal(m)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE oly_passkey_meta SET value = $1 WHERE key = 'meta'`, string(raw))
		return err
	})
}

// Enqueue implements index.Store.
func (s *Store) Enqueue(ctx context.Context, job index.Job) (uint64, error) {
	var number int64
	err := s.pool.QueryRow(ctx, `INSERT INTO oly_passkey_jobs (id, number, flow) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET number = greatest(oly_passkey_jobs.number + 1, excluded.number), flow = excluded.flow
		RETURNING number`,
		job.Identity, int64(job.Number), int16(job.Flow)).Scan(&number) //nolint:gosec // numbers start at a time in nanoseconds
	return uint64(number), err //nolint:gosec // as it was written
}

// Dequeue implements index.Store.
func (s *Store) Dequeue(ctx context.Context, job index.Job) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM oly_passkey_jobs WHERE id = $1 AND number = $2`,
		job.Identity, int64(job.Number)) //nolint:gosec // as above
	return err
}

// Jobs implements index.Store.
func (s *Store) Jobs(ctx context.Context) ([]index.Job, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, number, flow FROM oly_passkey_jobs ORDER BY number`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (j index.Job, err error) {
		var number int64
		var flow int16
		err = row.Scan(&j.Identity, &number, &flow)
		j.Number, j.Flow = uint64(number), index.Flow(flow) //nolint:gosec // as they were written
		return j, err
	})
}

// transact runs a transaction, and retries it after serialization failures and
// deadlocks.
func (s *Store) transact(ctx context.Context, do func(pgx.Tx) error) error {
	for try := 1; ; try++ {
		err := pgx.BeginFunc(ctx, s.pool, do)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || try == tries || !slices.Contains([]string{"40001", "40P01"}, pg.Code) {
			return err
		}
		if err := pause(ctx, try); err != nil { // serialization failure or deadlock
			return err
		}
	}
}
