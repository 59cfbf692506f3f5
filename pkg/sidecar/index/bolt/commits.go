package bolt

import (
	"sync"

	"go.etcd.io/bbolt"
)

// committer does group commits on a file. A commit costs two disk flushes, whatever
// its size. Changes that arrive during a commit are written together by the next one.
// (bbolt's Batch waits for a timer first, and panics in a goroutine that cannot
// recover.)
type committer struct {
	db *file

	mu      sync.Mutex
	waiting []*write

	commitLock sync.Mutex // held during a commit
}

// write is a change waiting for its commit. commitLock protects done and err.
type write struct {
	change func(*bbolt.Tx) error
	done   bool
	err    error
}

// do makes a change and returns once it is on disk. If one change of a group fails,
// none of them is made, and all callers get the error.
func (c *committer) do(change func(*bbolt.Tx) error) error {
	w := &write{change: change}
	c.mu.Lock()
	c.waiting = append(c.waiting, w)
	c.mu.Unlock()

	c.commitLock.Lock()
	defer c.commitLock.Unlock()
	if !w.done {
		c.commit()
	}
	return w.err
}

// commit writes all waiting changes.
func (c *committer) commit() {
	c.mu.Lock()
	together := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	err := c.db.update(func(tx *bbolt.Tx) error {
		for _, w := range together {
			if err := w.change(tx); err != nil {
				return err
			}
		}
		return nil
	})
	for _, w := range together {
		w.done, w.err = true, err
	}
}
