package bolt

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// The keys of the meta bucket.
const (
	keyMeta   = "meta"
	keyStats  = "stats"
	keyFormat = "format"
)

// Stats implements index.Store.
func (r *Reader) Stats(context.Context) (index.Stats, error) {
	var stats index.Stats
	err := r.db.view(func(tx *bbolt.Tx) error { return readJSON(tx, keyStats, &stats) })
	return stats, err
}

// Meta implements index.Store.
func (r *Reader) Meta(context.Context) (index.Meta, error) {
	var m index.Meta
	err := r.db.view(func(tx *bbolt.Tx) error { return readJSON(tx, keyMeta, &m) })
	return m, err
}

// UpdateMeta implements index.Store.
func (s *Store) UpdateMeta(_ context.Context, change func(*index.Meta)) error {
	return s.db.update(func(tx *bbolt.Tx) error { return updateMeta(tx, change) })
}

func updateMeta(tx *bbolt.Tx, change func(*index.Meta)) error {
	var m index.Meta
	if err := readJSON(tx, keyMeta, &m); err != nil {
		return err
	}
	change(&m)
	return writeJSON(tx, keyMeta, m)
}

func readJSON(tx *bbolt.Tx, key string, dst any) error {
	v := tx.Bucket([]byte(bucketMeta)).Get([]byte(key))
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(v, dst); err != nil {
		return fmt.Errorf("index is damaged: %s: %w", key, err)
	}
	return nil
}

func writeJSON(tx *bbolt.Tx, key string, value any) error {
	v, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(key), v)
}
