package bolt

import (
	"bytes"
	"errors"
	"sync"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/index"
)

// readers keeps read transactions open between look-ups: to begin one and to
// find its buckets is a third of the work. An open one sees the index as it was
// when it began, and a writer that has to map a larger file waits for it. So
// none is kept while something is written, and none that began before that.
type readers struct {
	db *bbolt.DB

	mu      sync.Mutex
	idle    []*reader
	writers int    // under way
	turns   uint64 // counts their beginnings and ends
}

// maxIdle bounds the transactions that wait for a look-up: more than run at the
// same time are of no use.
const maxIdle = 16

// reader is one of the transactions, for one look-up at a time.
type reader struct {
	tx                  *bbolt.Tx
	handles, identities *bbolt.Cursor
	turn                uint64 // in which it began
}

// take answers a reader that sees whatever was stored before.
func (r *readers) take() (*reader, error) {
	r.mu.Lock()
	turn := r.turns
	if last := len(r.idle) - 1; last >= 0 {
		one := r.idle[last]
		r.idle = r.idle[:last]
		r.mu.Unlock()
		return one, nil
	}
	r.mu.Unlock()
	tx, err := r.db.Begin(false)
	if err != nil {
		return nil, err
	}
	return &reader{
		tx:         tx,
		handles:    tx.Bucket([]byte(bucketHandles)).Cursor(),
		identities: tx.Bucket([]byte(bucketIdentities)).Cursor(),
		turn:       turn,
	}, nil
}

// give takes it back.
func (r *readers) give(one *reader) error {
	if r.keep(one) {
		return nil
	}
	return one.tx.Rollback()
}

func (r *readers) keep(one *reader) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writers > 0 || one.turn != r.turns || len(r.idle) >= maxIdle {
		return false
	}
	r.idle = append(r.idle, one)
	return true
}

// during ends all idle readers before a write, and keeps none until it is over.
func (r *readers) during(write func() error) error {
	if err := r.turn(1); err != nil {
		return err
	}
	err := write()
	return errors.Join(err, r.turn(-1))
}

// turn notes that a writer begins or ends.
func (r *readers) turn(writers int) error {
	r.mu.Lock()
	r.writers += writers
	r.turns++
	idle := r.idle
	r.idle = nil
	r.mu.Unlock()
	var all error
	for _, one := range idle {
		all = errors.Join(all, one.tx.Rollback())
	}
	return all
}

// close ends all of them, once no look-up is under way.
func (r *readers) close() error { return errors.Join(r.turn(1), r.db.Close()) }

// identity answers a record, nil where there is none.
func (r *reader) identity(id uuid.UUID) (*index.Identity, error) {
	k, v := r.identities.Seek(id[:])
	if !bytes.Equal(k, id[:]) {
		return nil, nil //nolint:nilnil // the Store's contract: nil is no record
	}
	return decode(id, v)
}
