package bolt

import (
	"sync"

	"go.etcd.io/bbolt"
)

// commits shares the commits of a file. A commit takes two flushes of the disk,
// whatever is in it: whoever comes while one is under way goes with the next,
// together with all others that wait, and nobody waits for anything else. (A
// bbolt batch waits for a timer first, and panics where nobody can recover.)
type commits struct {
	db *file

	mu      sync.Mutex
	waiting []*write

	turn sync.Mutex // held by the one that commits
}

// write is one change that waits for its commit; done and err belong to whoever
// has the turn.
type write struct {
	change func(*bbolt.Tx) error
	done   bool
	err    error
}

// do makes a change and answers once it is on the disk. Where one of several
// changes fails none of them is made, and each caller gets the error.
func (c *commits) do(change func(*bbolt.Tx) error) error {
	w := &write{change: change}
	c.mu.Lock()
	c.waiting = append(c.waiting, w)
	c.mu.Unlock()

	c.turn.Lock()
	defer c.turn.Unlock()
	if !w.done {
		c.commit()
	}
	return w.err
}

// commit writes all that wait.
func (c *commits) commit() {
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
