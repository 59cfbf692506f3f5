package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// ErrDamaged says that a file holds what no store has written there.
var ErrDamaged = errors.New("is damaged")

// lockTimeout is how long Open waits for another process to let go.
const lockTimeout = time.Second

// file is a bbolt file. bbolt panics on a page that makes no sense, and holds
// its locks forever then: a file that was found to be damaged returns nothing
// but that error afterwards.
type file struct {
	db     *bbolt.DB
	disk   *os.File // below db
	path   string
	cure   string // what to do if it is damaged
	found  int    // its format when it was opened; 0: it was made
	writer sync.Mutex
	damage atomic.Pointer[error]
}

// openFile opens a file that has those buckets and one for meta, or makes it.
func openFile(path, cure string, buckets ...string) (*file, error) {
	found, err := inspect(path, cure)
	if err != nil {
		return nil, err
	}
	f := &file{path: path, cure: cure, found: found}
	err = f.guard(func() error { return f.open(false) })
	if err == nil {
		err = f.update(func(tx *bbolt.Tx) error { return f.makeBuckets(tx, buckets) })
	}
	if err == nil && found == formatWithoutOwners {
		// An older program has written a list of free pages, which may be damaged.
		// The commit has dropped it, and opening the file makes one from the trees.
		err = f.guard(func() error { return errors.Join(f.db.Close(), f.open(false)) })
	}
	if err != nil {
		return nil, f.failed(err)
	}
	return f, nil
}

func (f *file) makeBuckets(tx *bbolt.Tx, names []string) error {
	for _, name := range append(names, bucketMeta) {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	if f.found == 0 {
		return writeJSON(tx, keyFormat, format)
	}
	return nil
}

// inspect reads every key of a file and returns its format, 0 if there is no file.
// bbolt reads the same pages when it makes its list of free ones, but in a
// goroutine of its own, where a panic ends the process.
func inspect(path, cure string) (found int, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0 {
		return 0, nil
	}
	f, err := openReadOnly(path, cure)
	if err != nil {
		return 0, err
	}
	err = f.view(func(tx *bbolt.Tx) (err error) {
		found, err = formatOf(tx)
		return err
	})
	if err == nil && found > format {
		err = fmt.Errorf("open %q: %w", path, &index.NewerError{Found: found, Supported: format})
	}
	return found, errors.Join(err, f.close())
}

// openReadOnly opens a file for reading and reads every key once.
func openReadOnly(path, cure string) (*file, error) {
	f := &file{path: path, cure: cure}
	err := f.guard(func() error { return f.open(true) })
	if err == nil {
		err = f.view(f.readKeys)
	}
	if err != nil {
		return nil, f.failed(err)
	}
	return f, nil
}

// readKeys reads all keys, which have to be in order: following keys that are not
// may never end.
func (f *file) readKeys(tx *bbolt.Tx) error {
	return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
		var last []byte
		c := b.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			if last != nil && bytes.Compare(last, k) >= 0 {
				return f.damaged("keys are out of order")
			}
			last = k
		}
		return nil
	})
}

// failed closes a file that could not be opened, and returns why.
func (f *file) failed(err error) error {
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		err = index.ErrLocked
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		err = f.damaged(err)
	}
	if !errors.Is(err, ErrDamaged) { // which names the file
		err = fmt.Errorf("open %q: %w", f.path, err)
	}
	return errors.Join(err, f.close())
}

func (f *file) open(readOnly bool) (err error) {
	f.db, err = bbolt.Open(f.path, 0o600, &bbolt.Options{
		Timeout:        lockTimeout,
		ReadOnly:       readOnly,
		FreelistType:   bbolt.FreelistMapType,
		NoFreelistSync: true, // a list that was damaged on the disk would give away pages that are in use
		NoStatistics:   true, // every look-up would update shared counters that nobody reads
		OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
			disk, err := os.OpenFile(name, flag, perm)
			f.disk = disk
			return disk, err
		},
	})
	return err
}

// view reads.
func (f *file) view(read func(*bbolt.Tx) error) error {
	return f.guard(func() error { return f.db.View(read) })
}

// update writes all or nothing.
func (f *file) update(write func(*bbolt.Tx) error) error {
	return f.alone(func() error { return f.db.Update(write) })
}

// alone does something while nobody writes. It has a lock of its own for that:
// bbolt's may never be free again.
func (f *file) alone(do func() error) error {
	f.writer.Lock()
	defer f.writer.Unlock()
	return f.guard(do)
}

// guard makes an error of a panic, also of one over a part of the file that is
// not there.
func (f *file) guard(do func() error) (err error) {
	if known := f.damage.Load(); known != nil {
		return *known
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = f.damaged(p)
		}
	}()
	return do()
}

// damaged answers the error that everybody gets from now on.
func (f *file) damaged(why any) error {
	err := fmt.Errorf("%s in %q %w: %v: %s", filepath.Base(f.path), filepath.Dir(f.path), ErrDamaged, why, f.cure)
	f.damage.Store(&err)
	return err
}

// close gives the file back.
func (f *file) close() error {
	f.writer.Lock()
	defer f.writer.Unlock()
	if f.damage.Load() == nil && f.db != nil {
		return f.db.Close()
	}
	// Its mapping stays until the process ends, since nobody knows who reads it.
	if err := f.disk.Close(); !errors.Is(err, os.ErrClosed) && !errors.Is(err, os.ErrInvalid) {
		return err
	}
	return nil
}
