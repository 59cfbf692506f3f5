package bolt

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// A job's value is its number, 8 bytes, and its flow, one byte.
const jobLen = 9

// Enqueue implements index.Store.
func (s *Store) Enqueue(_ context.Context, job index.Job) (number uint64, err error) {
	err = s.queue.do(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucketJobs))
		number = job.Number
		if cur := b.Get(job.Identity[:]); len(cur) == jobLen {
			number = max(number, binary.BigEndian.Uint64(cur)+1)
		}
		v := binary.BigEndian.AppendUint64(nil, number)
		return b.Put(job.Identity[:], append(v, byte(job.Flow)))
	})
	return number, err
}

// Dequeue implements index.Store.
func (s *Store) Dequeue(_ context.Context, job index.Job) error {
	return s.queue.do(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucketJobs))
		v := b.Get(job.Identity[:])
		if v == nil || len(v) == jobLen && binary.BigEndian.Uint64(v) != job.Number {
			return nil
		}
		return b.Delete(job.Identity[:])
	})
}

// Jobs implements index.Store.
func (s *Store) Jobs(context.Context) ([]index.Job, error) {
	var jobs []index.Job
	err := s.queue.db.view(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketJobs)).ForEach(func(k, v []byte) error {
			if len(k) != len(uuid.UUID{}) || len(v) != jobLen {
				return fmt.Errorf("index is damaged: a job of %d and %d bytes", len(k), len(v))
			}
			jobs = append(jobs, index.Job{Identity: uuid.UUID(k), Number: binary.BigEndian.Uint64(v), Flow: index.Flow(v[8])})
			return nil
		})
	})
	return jobs, err
}
