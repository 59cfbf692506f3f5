package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Update implements index.Store. It looks first, and locks only what differs.
func (s *Store) Update(ctx context.Context, ids []uuid.UUID, change index.Change) (int, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, record FROM oly_passkey_identities WHERE id = ANY($1)`, ids)
	found, err := collect(rows, err)
	if err != nil {
		return 0, err
	}
	differ := differing(ids, found, change)
	if len(differ) == 0 {
		return 0, nil
	}
	changed := 0
	err = s.transact(ctx, func(tx pgx.Tx) (err error) {
		changed, err = rewrite(ctx, tx, differ, change)
		return err
	})
	return changed, err
}

// differing answers the ids whose records the change would change.
func differing(ids []uuid.UUID, found []*index.Identity, change index.Change) []uuid.UUID {
	cur := byID(found)
	var differ []uuid.UUID
	for _, id := range ids {
		if !index.Equal(cur[id], change(id, cur[id].Clone())) {
			differ = append(differ, id)
		}
	}
	return differ
}

func byID(found []*index.Identity) map[uuid.UUID]*index.Identity {
	m := make(map[uuid.UUID]*index.Identity, len(found))
	for _, i := range found {
		m[i.ID] = i
	}
	return m
}

// rewrite locks the records, with an empty one in the place of each that is
// missing, so that two writers of one identity wait for each other.
func rewrite(ctx context.Context, tx pgx.Tx, ids []uuid.UUID, change index.Change) (changed int, err error) {
	_, err = tx.Exec(ctx, `INSERT INTO oly_passkey_identities (id, record)
		SELECT id, '' FROM unnest($1::uuid[]) AS new (id) ORDER BY id ON CONFLICT (id) DO NOTHING`, ids)
	if err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, `SELECT id, record FROM oly_passkey_identities WHERE id = ANY($1) ORDER BY id FOR UPDATE`, ids)
	found, err := collect(rows, err)
	if err != nil {
		return 0, err
	}
	cur := byID(found)
	var batch pgx.Batch
	for _, id := range ids {
		next := change(id, cur[id].Clone())
		if !index.Equal(cur[id], next) {
			changed++
			replace(&batch, id, cur[id], next)
		} else if next == nil {
			batch.Queue(`DELETE FROM oly_passkey_identities WHERE id = $1`, id) // the empty one
		}
	}
	return changed, tx.SendBatch(ctx, &batch).Close()
}

// replace queues what turns one record into another.
func replace(batch *pgx.Batch, id uuid.UUID, cur, next *index.Identity) {
	for _, d := range missing(cur, next) {
		batch.Queue(`DELETE FROM oly_passkey_handles WHERE digest = $1 AND id = $2`, d[:], id)
	}
	if next == nil {
		batch.Queue(`DELETE FROM oly_passkey_identities WHERE id = $1`, id)
		return
	}
	for _, d := range missing(next, cur) {
		batch.Queue(`INSERT INTO oly_passkey_handles (digest, id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, d[:], id)
	}
	var st index.Stats
	st.Replace(nil, next)
	batch.Queue(`UPDATE oly_passkey_identities SET record = $2, deleted = $3, active = $4, orphaned = $5, removed = $6, unknown = $7 WHERE id = $1`,
		id, next.Encode(), st.Deleted > 0, st.Active, st.Orphaned, st.Removed, st.Unknown)
}

// missing answers the handles of a that b has not.
func missing(a, b *index.Identity) []userhandle.Digest {
	if a == nil {
		return nil
	}
	var ds []userhandle.Digest
	for _, h := range a.Handles {
		if b != nil {
			if _, ok := b.Handle(h.Digest); ok {
				continue
			}
		}
		ds = append(ds, h.Digest)
	}
	return ds
}
