package bolt

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

var _ index.Checker = (*Store)(nil)

// Check implements index.Checker. It checks the pages of both files, and that every
// handle belongs to a record.
func (s *Store) Check(_ context.Context, report func(problem string)) error {
	for name, f := range map[string]*file{FileName: s.db, queueName: s.queue.db} {
		err := f.exclusive(func() error {
			return f.db.View(func(tx *bbolt.Tx) error {
				for problem := range tx.Check() {
					report(fmt.Sprintf("%s: %v", name, problem))
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	return s.db.view(func(tx *bbolt.Tx) error {
		identities := tx.Bucket([]byte(bucketIdentities))
		return tx.Bucket([]byte(bucketHandles)).ForEach(func(k, _ []byte) error {
			if len(k) != len(ownerKey{}) {
				report(fmt.Sprintf("a handle's key has %d bytes", len(k)))
				return nil
			}
			handle, id := ownerKey(k).split()
			record, err := get(identities, id)
			if err == nil && !has(record, handle) {
				report(fmt.Sprintf("handle %s points to identity %s, which does not have it", handle, id))
			}
			return err
		})
	})
}
