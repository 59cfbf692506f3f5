package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

var _ index.Keeper = (*Store)(nil)

// copies answer look-ups from a table, with two reads where the trees of the
// index take eight. Whatever has changed since the table was begun is looked up
// in the trees, and so is everything while there is none. Nothing is lost with a
// table: it is made anew after every start.
type copies struct {
	db     *file
	dir    string
	room   func(dir string) (free int64, known bool)
	wanted chan struct{} // holds one: somebody would like a new table

	mu      sync.RWMutex
	table   *table
	changed marks // since table was begun; nil where there is none
	next    marks // since the one was begun that is being made; nil where none is
	paused  bool  // changes are not noted, so that there can be no table
}

// marks are the fronts of the digests of handles whose copies are out of date.
// Others with the same front are looked up in the trees as well, which does no
// harm.
type marks map[uint64]struct{}

func (m marks) add(i *index.Identity) {
	if m == nil {
		return
	}
	for _, h := range handlesOf(i) {
		m[frontOf(h.Digest[:])] = struct{}{}
	}
}

// tooMany is how many changes make a new table worth its while.
func (c *copies) tooMany() int {
	const few, part = 10_000, 16
	return few + int(c.table.places/part) //nolint:gosec // a count of handles
}

// owners answers what Store.Owners does; ok is false where the trees have to be
// asked.
func (c *copies) owners(handle userhandle.Digest) (owners []*index.Identity, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.table == nil {
		if c.next == nil && !c.paused {
			c.want()
		}
		return nil, false
	}
	if _, changed := c.changed[frontOf(handle[:])]; changed {
		return nil, false
	}
	owners, _ = c.table.owners(handle) // none where it cannot tell
	return owners, len(owners) > 0
}

func (c *copies) want() {
	select {
	case c.wanted <- struct{}{}:
	default: // it is wanted already
	}
}

// note notes that a record changes. It is called by the one who writes, before
// anybody can see the change.
func (c *copies) note(cur, next *index.Identity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range []marks{c.changed, c.next} {
		m.add(cur)
		m.add(next)
	}
	if c.table != nil && len(c.changed) > c.tooMany() {
		c.want()
	}
}

// drop does without a table until another one is made.
func (c *copies) drop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.table
	c.table, c.changed, c.next = nil, nil, nil
	return old.close()
}

// pause does without a table until resume: more is written than can be noted.
func (c *copies) pause() error {
	c.mu.Lock()
	c.paused = true
	c.mu.Unlock()
	return c.drop()
}

func (c *copies) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = false
}

// Keep implements index.Keeper: it makes a table once somebody looks a handle up,
// and another one after many changes. It takes half of a core at most.
func (s *Store) Keep(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.copies.wanted:
		}
		if err := s.copies.renew(ctx); err != nil {
			err = errors.Join(err, s.copies.drop())
			if ctx.Err() != nil {
				return nil //nolint:nilerr // it was ended, and nothing is left
			}
			return fmt.Errorf("look-up table: %w", err)
		}
	}
}

// renew makes a table where one is still wanted.
func (c *copies) renew(ctx context.Context) error {
	needed, err := c.begin()
	if err != nil || !needed {
		return err
	}
	t, err := c.write(ctx)
	if err != nil {
		return err
	}
	return c.use(t)
}

// begin tells whether a table is needed. From then on every change is noted:
// while it has the turn of the one who writes, none is under way.
func (c *copies) begin() (needed bool, err error) {
	err = c.db.alone(func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		needed = !c.paused && (c.table == nil || len(c.changed) > c.tooMany())
		if needed {
			c.next = marks{}
		}
		return nil
	})
	return needed, err
}

// use puts a table in the place of the one before.
func (c *copies) use(t *table) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil { // paused since it was begun
		return t.close()
	}
	old := c.table
	c.table, c.changed, c.next = t, c.next, nil
	return old.close()
}

// write copies the index, a little at a time: a writer that has to map a larger
// file waits for whoever reads.
func (c *copies) write(ctx context.Context) (*table, error) {
	removeTables(c.dir)
	if err := c.checkRoom(); err != nil {
		return nil, err
	}
	var stats index.Stats
	if err := c.db.view(func(tx *bbolt.Tx) error { return readJSON(tx, keyStats, &stats) }); err != nil {
		return nil, err
	}
	w, err := newTableWriter(c.dir, stats.Active+stats.Orphaned+stats.Removed+stats.Unknown)
	if err != nil {
		return nil, err
	}
	var last ownerKey
	for more := true; more; {
		from := time.Now()
		err := c.db.view(func(tx *bbolt.Tx) (err error) {
			last, more, err = c.copySome(tx, w, last)
			return err
		})
		if err != nil {
			return nil, errors.Join(err, w.abandon())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), w.abandon())
		case <-time.After(time.Since(from)): // as long as that took
		}
	}
	return w.finish()
}

// checkRoom refuses a table that might fill the disk: whoever writes a hook needs
// room more than whoever looks a handle up. A table is about as large as the index.
func (c *copies) checkRoom() error {
	info, err := os.Stat(c.db.path)
	if err != nil {
		return err
	}
	const mega = 1 << 20
	want := 2 * info.Size()
	if free, known := c.room(c.dir); known && free < want {
		return fmt.Errorf("%d MB are free in %q, and twice the size of the index is wanted, %d MB", free/mega, c.dir, want/mega)
	}
	return nil
}

// copySome copies the next records after a key.
func (c *copies) copySome(tx *bbolt.Tx, w *tableWriter, after ownerKey) (last ownerKey, more bool, err error) {
	const some = 500
	identities := tx.Bucket([]byte(bucketIdentities))
	handles := tx.Bucket([]byte(bucketHandles)).Cursor()
	k, _ := handles.Seek(after[:])
	if bytes.Equal(k, after[:]) {
		k, _ = handles.Next()
	}
	for range some {
		if k == nil {
			return after, false, nil
		}
		if err := c.db.inOrder(after[:], k); err != nil {
			return after, false, err
		}
		after = ownerKey(k)
		// Nothing where it was erased while a load was under way.
		if record := identities.Get(after[len(userhandle.Digest{}):]); record != nil {
			if err := w.put(after, record); err != nil {
				return after, false, err
			}
		}
		k, _ = handles.Next()
	}
	return after, true, nil
}
