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

// ErrDamaged is returned if the content of a file is invalid.
var ErrDamaged = errors.New("is damaged")

// lockTimeout is how long Open waits for another process to release the file.
const lockTimeout = time.Second

// file is a bbolt file. On an invalid page, bbolt panics and holds its locks forever:
// after that, all methods of the file return ErrDamaged.
type file struct {
	db     *bbolt.DB
	disk   *os.File // below db
	path   string
	remedy string // what to do if it is damaged
	found  int    // its format when it was opened; 0: it was made
	writer sync.Mutex
	damage atomic.Pointer[error]
}

// openFile opens or creates a file with the given buckets and one for metadata.
func openFile(path, remedy string, buckets ...string) (*file, error) {
	found, err := inspect(path, remedy)
	if err != nil {
		return nil, err
	}
	f := &file{path: path, remedy: remedy, found: found}
	err = f.guard(func() error { return f.open(false) })
	if err == nil {
		err = f.update(func(tx *bbolt.Tx) error { return f.makeBuckets(tx, buckets) })
	}
	if err == nil && found == formatWithoutOwners {
		// The list of free pages that an older program wrote may be damaged. The commit
		// above removed it, and reopening the file rebuilds it from the trees.
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
// bbolt reads the same pages to build its list of free pages, but in another
// goroutine, where a panic would end the process.
func inspect(path, remedy string) (found int, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0 {
		return 0, nil
	}
	f, err := openReadOnly(path, remedy)
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
func openReadOnly(path, remedy string) (*file, error) {
	f := &file{path: path, remedy: remedy}
	err := f.guard(func() error { return f.open(true) })
	if err == nil {
		err = f.view(f.readKeys)
	}
	if err != nil {
		return nil, f.failed(err)
	}
	return f, nil
}

// readKeys reads all keys and checks their order: a cursor over unordered keys might
// never end.
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
		NoStatistics:   true, // every lookup would update shared counters that are not used
		OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
			disk, err := os.OpenFile(name, flag, perm)
			f.disk = disk
			return disk, err
		},
	})
	return err
}

// view runs a read transaction.
func (f *file) view(read func(*bbolt.Tx) error) error {
	return f.guard(func() error { return f.db.View(read) })
}

// update runs a write transaction.
func (f *file) update(write func(*bbolt.Tx) error) error {
	return f.exclusive(func() error { return f.db.Update(write) })
}

// exclusive calls do while there is no writer. It uses its own lock, because bbolt may
// hold its lock forever.
func (f *file) exclusive(do func() error) error {
	f.writer.Lock()
	defer f.writer.Unlock()
	return f.guard(do)
}

// guard turns a panic into ErrDamaged, also one for a page fault beyond the end of a
// truncated file.
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

// damaged marks the file as damaged and returns the error for all further calls.
func (f *file) damaged(why any) error {
	err := fmt.Errorf("%s in %q %w: %v: %s", filepath.Base(f.path), filepath.Dir(f.path), ErrDamaged, why, f.remedy)
	f.damage.Store(&err)
	return err
}

// close closes the file.
func (f *file) close() error {
	f.writer.Lock()
	defer f.writer.Unlock()
	if f.damage.Load() == nil && f.db != nil {
		return f.db.Close()
	}
	// The mapping stays until the process ends, because readers may still use it.
	if err := f.disk.Close(); !errors.Is(err, os.ErrClosed) && !errors.Is(err, os.ErrInvalid) {
		return err
	}
	return nil
}
