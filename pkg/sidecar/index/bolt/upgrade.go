package bolt

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// The formats of a file. A program rejects newer formats and upgrades older ones.
const (
	formatWithoutOwners = 1 // handles are stored without owners; files have no format number
	format              = 2
)

func formatOf(tx *bbolt.Tx) (int, error) {
	found := formatWithoutOwners
	if tx.Bucket([]byte(bucketMeta)) == nil {
		return found, nil
	}
	return found, readJSON(tx, keyFormat, &found)
}

// upgradeBatch is how many records or handles one transaction upgrades.
const upgradeBatch = 20_000

// upgrade upgrades the files of an older program in batches. If it is interrupted, the
// index is consistent, and the next start continues.
//
// Records come first: the owner stored with a handle must change together with the
// record, and older programs, which do not do that, cannot change records of the new
// version.
func (s *Store) upgrade() error {
	if s.db.found == formatWithoutOwners {
		removeTables(s.dir)
		if err := s.db.rewriteAll(bucketIdentities, upgradeBatch, upgradeRecord); err != nil {
			return err
		}
		if err := s.db.rewriteAll(bucketHandles, upgradeBatch, upgradeHandle); err != nil {
			return err
		}
	}
	for _, f := range []*file{s.db, s.queue.db} {
		if f.found != formatWithoutOwners {
			continue
		}
		if err := f.update(func(tx *bbolt.Tx) error { return writeJSON(tx, keyFormat, format) }); err != nil {
			return err
		}
	}
	return nil
}

// removeTables removes lookup tables that an older program left behind when it was
// killed. They are as large as the index.
func removeTables(dir string) {
	names, _ := filepath.Glob(filepath.Join(dir, "lookup-*.tmp")) // the pattern is valid
	for _, name := range names {
		_ = os.Remove(name) // harmless if it remains
	}
}

// upgradeRecord returns the new encoding of a record, nil if it is current.
func upgradeRecord(_ *bbolt.Tx, key, record []byte) ([]byte, error) {
	if index.Current(record) {
		return nil, nil
	}
	if len(key) != len(uuid.UUID{}) {
		return nil, fmt.Errorf("index is damaged: an identity ID has %d bytes", len(key))
	}
	i, err := decode(uuid.UUID(key), record)
	if err != nil {
		return nil, err
	}
	return i.Encode(), nil
}

// upgradeHandle returns the owner to store with a handle, nil if it already has one
// or the owner is too large.
func upgradeHandle(tx *bbolt.Tx, key, owner []byte) ([]byte, error) {
	if len(owner) > 0 || len(key) != len(ownerKey{}) {
		return nil, nil
	}
	handle, id := ownerKey(key).split()
	record, err := get(tx.Bucket([]byte(bucketIdentities)), id)
	if err != nil {
		return nil, err
	}
	return record.EncodeOwner(handle), nil
}

// rewriteAll rewrites the values of a bucket in batches. rewrite returns nil to keep a
// value.
func (f *file) rewriteAll(bucket string, batch int, rewrite func(tx *bbolt.Tx, key, value []byte) ([]byte, error)) error {
	for from, more := []byte{}, true; more; {
		err := f.update(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(bucket))
			b.FillPercent = 0.9
			var keys, values [][]byte // collected first: a bucket must not be modified while a cursor iterates over it
			c := b.Cursor()
			k, v := c.Seek(from)
			for ; k != nil && len(keys) < batch; k, v = c.Next() {
				next, err := rewrite(tx, k, v)
				if err != nil {
					return err
				}
				if next != nil {
					keys, values = append(keys, bytes.Clone(k)), append(values, next)
				}
			}
			from, more = bytes.Clone(k), k != nil
			for n := range keys {
				if err := b.Put(keys[n], values[n]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
