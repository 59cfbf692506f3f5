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
		SELECT new.id, CAST('' AS BYTEA) FROM unnest($1::uuid[]) AS new (id) ORDER BY new.id ON CONFLICT (id) DO NOTHING`, ids)
	if err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, `SELECT id, record FROM oly_passkey_identities WHERE id = ANY($1) ORDER BY id FOR UPDATE`, ids)
	found, err := collect(rows, err)
	if err != nil {
		return 0, err
	}
	cur := byID(found)
	var w writes
	for _, id := range ids {
		next := change(id, cur[id].Clone())
		if !index.Equal(cur[id], next) {
			changed++
			w.replace(id, cur[id], next)
		} else if next == nil {
			w.gone = append(w.gone, id) // the empty one
		}
	}
	return changed, tx.SendBatch(ctx, w.batch()).Close()
}

// writes are columns of rows: one statement takes thousands of them.
type writes struct {
	lost, owned struct {
		digests [][]byte
		ids     []uuid.UUID
	}
	gone    []uuid.UUID
	ids     []uuid.UUID
	records [][]byte
	deleted []bool
	states  [4][]int32 // active, orphaned, removed, unknown
}

// replace notes what turns one record into another.
func (w *writes) replace(id uuid.UUID, cur, next *index.Identity) {
	for _, d := range missing(cur, next) {
		w.lost.digests, w.lost.ids = append(w.lost.digests, d[:]), append(w.lost.ids, id)
	}
	if next == nil {
		w.gone = append(w.gone, id)
		return
	}
	for _, d := range missing(next, cur) {
		w.owned.digests, w.owned.ids = append(w.owned.digests, d[:]), append(w.owned.ids, id)
	}
	var st index.Stats
	st.Replace(nil, next)
	w.ids, w.records, w.deleted = append(w.ids, id), append(w.records, next.Encode()), append(w.deleted, st.Deleted > 0)
	for n, count := range []int{st.Active, st.Orphaned, st.Removed, st.Unknown} {
		w.states[n] = append(w.states[n], int32(count)) //nolint:gosec // a record has a few handles
	}
}

func (w *writes) batch() *pgx.Batch {
	var b pgx.Batch
	for n, d := range w.lost.digests {
		b.Queue(`DELETE FROM oly_passkey_handles WHERE digest = $1 AND id = $2`, d, w.lost.ids[n])
	}
	if len(w.gone) > 0 {
		b.Queue(`DELETE FROM oly_passkey_identities WHERE id = ANY($1)`, w.gone)
	}
	if len(w.owned.ids) > 0 {
		b.Queue(`INSERT INTO oly_passkey_handles (digest, id) SELECT unnest($1::bytea[]), unnest($2::uuid[]) ON CONFLICT DO NOTHING`, w.owned.digests, w.owned.ids)
	}
	if len(w.ids) > 0 {
		b.Queue(`UPDATE oly_passkey_identities AS i SET record = n.record, deleted = n.deleted,
			active = n.active, orphaned = n.orphaned, removed = n.removed, unknown = n.unknown
			FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::bytea[]) AS record, unnest($3::bool[]) AS deleted, unnest($4::int4[]) AS active,
				unnest($5::int4[]) AS orphaned, unnest($6::int4[]) AS removed, unnest($7::int4[]) AS unknown) AS n
			WHERE i.id = n.id`, w.ids, w.records, w.deleted, w.states[0], w.states[1], w.states[2], w.states[3])
	}
	return &b
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
