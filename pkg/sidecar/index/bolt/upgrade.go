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

// The formats of a file. A program refuses a later one than it knows, and
// upgrades an earlier one.
const (
	formatWithoutOwners = 1 // nothing beside handles; files have no number yet
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

// upgrade turns the files of an older program into this one's, a batch at a time,
// each in its order. If it is ended on the way the index is in order, and the rest
// is done after the next start.
//
// Records come first. What stands beside a handle has to change with the record,
// and a program that does not know that cannot change a record of this version.
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

// removeTables removes the copies of the index that a program which answered from
// them has left behind when it was killed: they are as large as the index.
func removeTables(dir string) {
	names, _ := filepath.Glob(filepath.Join(dir, "lookup-*.tmp")) // the pattern is valid
	for _, name := range names {
		_ = os.Remove(name) // it is not in the way
	}
}

// upgradeRecord returns what a record becomes, and nil if it stays.
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

// upgradeHandle returns what comes beside a handle, and nil if there is something
// or nothing fits.
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

// rewriteAll rewrites the values of a bucket, so many per transaction; rewrite returns nil for one that
// stays.
func (f *file) rewriteAll(bucket string, batch int, rewrite func(tx *bbolt.Tx, key, value []byte) ([]byte, error)) error {
	for from, more := []byte{}, true; more; {
		err := f.update(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(bucket))
			b.FillPercent = 0.9
			var keys, values [][]byte // a cursor must not meet what is put
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
