package postgres

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Update implements index.Store. It first reads the records, and locks only those
// that differ.
func (s *Store) Update(ctx context.Context, ids []uuid.UUID, change index.Change) (int, error) {
	found, err := s.identities(ctx, ids)
	if err != nil {
		return 0, err
	}
	fresh, differ := differing(ids, found, change)
	if len(fresh)+len(differ) == 0 {
		return 0, nil
	}
	changed := 0
	err = s.transact(ctx, func(tx pgx.Tx) error {
		var w writes
		others, err := w.insert(ctx, tx, fresh, change)
		if err != nil {
			return err
		}
		if err := w.rewrite(ctx, tx, slices.Concat(differ, others), change); err != nil {
			return err
		}
		changed = w.changed
		return w.flush(ctx, tx)
	})
	return changed, err
}

// differing returns the IDs of records to create (fresh) and to change (differ).
func differing(ids []uuid.UUID, found []*index.Identity, change index.Change) (fresh, differ []uuid.UUID) {
	cur := byID(found)
	for _, id := range ids {
		switch {
		case index.Equal(cur[id], change(id, cur[id].Clone())):
		case cur[id] == nil:
			fresh = append(fresh, id)
		default:
			differ = append(differ, id)
		}
	}
	return fresh, differ
}

func byID(found []*index.Identity) map[uuid.UUID]*index.Identity {
	m := make(map[uuid.UUID]*index.Identity, len(found))
	for _, i := range found {
		m[i.ID] = i
	}
	return m
}

// writes collects changes by column: one statement writes thousands of rows.
type writes struct {
	changed     int         // number of records
	stats       index.Stats // change of the statistics
	lost, owned []ownership // handles to delete and to store
	gone        []uuid.UUID
	ids         []uuid.UUID
	records     [][]byte
}

// ownership is a row of the handles table; owner is encoded.
type ownership struct {
	handle userhandle.Digest
	id     uuid.UUID
	owner  []byte
}

// insert stores new records. It returns the IDs of those that another writer has
// stored first.
func (w *writes) insert(ctx context.Context, tx pgx.Tx, ids []uuid.UUID, change index.Change) (others []uuid.UUID, err error) {
	next := map[uuid.UUID]*index.Identity{}
	var fresh []uuid.UUID
	var records [][]byte
	for _, id := range ids {
		if i := change(id, nil); i != nil {
			next[id] = i
			fresh, records = append(fresh, id), append(records, i.Encode())
		}
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, `INSERT INTO oly_passkey_identities (id, record)
		SELECT unnest($1::uuid[]) AS id, unnest($2::bytea[]) AS record ORDER BY id ON CONFLICT (id) DO NOTHING RETURNING id`, fresh, records)
	if err != nil {
		return nil, err
	}
	stored, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, err
	}
	for _, id := range stored {
		w.addChange(id, nil, next[id])
		delete(next, id)
	}
	return slices.Collect(maps.Keys(next)), nil
}

// rewrite locks the records and changes them. It inserts an empty placeholder for
// missing records, so that concurrent writers of one identity wait for each other.
func (w *writes) rewrite(ctx context.Context, tx pgx.Tx, ids []uuid.UUID, change index.Change) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO oly_passkey_identities (id, record)
		SELECT new.id, CAST('' AS BYTEA) FROM unnest($1::uuid[]) AS new (id) ORDER BY new.id ON CONFLICT (id) DO NOTHING`, ids)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT id, record FROM oly_passkey_identities WHERE id = ANY($1) ORDER BY id FOR UPDATE`, ids)
	found, err := collect(rows, err)
	if err != nil {
		return err
	}
	cur := byID(found)
	for _, id := range ids {
		next := change(id, cur[id].Clone())
		if !index.Equal(cur[id], next) {
			w.replace(id, cur[id], next)
		} else if next == nil {
			w.gone = append(w.gone, id) // the placeholder
		}
	}
	return nil
}

// replace collects the change of a record from cur to next.
func (w *writes) replace(id uuid.UUID, cur, next *index.Identity) {
	w.addChange(id, cur, next)
	if next == nil {
		w.gone = append(w.gone, id)
		return
	}
	w.ids, w.records = append(w.ids, id), append(w.records, next.Encode())
}

// addChange collects the changes of handles and statistics.
func (w *writes) addChange(id uuid.UUID, cur, next *index.Identity) {
	w.changed++
	w.stats.Replace(cur, next)
	for _, d := range missing(cur, next) {
		w.lost = append(w.lost, ownership{handle: d, id: id})
	}
	w.addOwners(cur, next)
}

// addOwners collects the owners of a record's handles that differ from the stored
// ones.
func (w *writes) addOwners(cur, next *index.Identity) {
	if next == nil {
		return
	}
	for _, h := range next.Handles {
		owner := next.EncodeOwner(h.Digest)
		if owner == nil {
			owner = []byte{} // not NULL
		}
		if cur != nil {
			if _, known := cur.Handle(h.Digest); known && bytes.Equal(owner, cur.EncodeOwner(h.Digest)) {
				continue
			}
		}
		w.owned = append(w.owned, ownership{h.Digest, next.ID, owner})
	}
}

// flush sends the batched statements in one round trip.
func (w *writes) flush(ctx context.Context, tx pgx.Tx) error {
	var b pgx.Batch
	for _, o := range w.lost {
		b.Queue(`DELETE FROM oly_passkey_handles WHERE digest = $1 AND id = $2`, o.handle[:], o.id)
	}
	if len(w.gone) > 0 {
		b.Queue(`DELETE FROM oly_passkey_identities WHERE id = ANY($1)`, w.gone)
	}
	if len(w.owned) > 0 {
		digests, ids, owners := w.owners()
		b.Queue(`INSERT INTO oly_passkey_handles (digest, id, owner) SELECT unnest($1::bytea[]), unnest($2::uuid[]), unnest($3::bytea[])
			ON CONFLICT (digest, id) DO UPDATE SET owner = excluded.owner`, digests, ids, owners)
	}
	if len(w.ids) > 0 {
		b.Queue(`UPDATE oly_passkey_identities AS i SET record = n.record
			FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::bytea[]) AS record) AS n WHERE i.id = n.id`, w.ids, w.records)
	}
	if w.stats != (index.Stats{}) { // the last one
		addStats(&b, w.stats)
	}
	return tx.SendBatch(ctx, &b).Close()
}

// owners returns the columns of the owned handles, without duplicates and sorted by
// primary key.
func (w *writes) owners() (digests [][]byte, ids []uuid.UUID, owners [][]byte) {
	order := func(a, b ownership) int {
		return cmp.Or(bytes.Compare(a.handle[:], b.handle[:]), bytes.Compare(a.id[:], b.id[:]))
	}
	slices.SortFunc(w.owned, order)
	w.owned = slices.CompactFunc(w.owned, func(a, b ownership) bool { return order(a, b) == 0 })
	for n, o := range w.owned {
		digests, ids, owners = append(digests, w.owned[n].handle[:]), append(ids, o.id), append(owners, o.owner)
	}
	return digests, ids, owners
}

// missing returns the handles of a that b does not have.
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
