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

	"github.com/olympusoss/oly-passkey/pkg/index"
)

// ErrDamaged says that a file holds what no store has written there.
var ErrDamaged = errors.New("is damaged")

// lockTimeout is how long Open waits for another process to let go.
const lockTimeout = time.Second

// file is a bbolt file. bbolt panics over a page that makes no sense, and holds
// its locks for ever then: a file that was found to be damaged answers nothing
// but that any more.
type file struct {
	db     *bbolt.DB
	disk   *os.File // below db
	path   string
	cure   string // what to do where it is damaged
	writer sync.Mutex
	damage atomic.Pointer[error]
}

// openFile opens a file that has those buckets, or makes it.
func openFile(path, cure string, buckets ...string) (*file, error) {
	f := &file{path: path, cure: cure}
	err := f.guard(f.open)
	if err == nil {
		err = f.update(func(tx *bbolt.Tx) error {
			for _, name := range buckets {
				if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, berrors.ErrTimeout):
		err = index.ErrLocked
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		err = f.damaged(err)
	}
	if !errors.Is(err, ErrDamaged) { // which names the file
		err = fmt.Errorf("open %q: %w", path, err)
	}
	return nil, errors.Join(err, f.close())
}

func (f *file) open() (err error) {
	f.db, err = bbolt.Open(f.path, 0o600, &bbolt.Options{
		Timeout:      lockTimeout,
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true, // every look-up would update shared counters that nobody reads
		OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
			disk, err := os.OpenFile(name, flag, perm)
			f.disk = disk
			return disk, err
		},
	})
	if err != nil {
		return err
	}
	return f.db.View(f.checkTrees)
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

// inOrder refuses a key that does not come after the one before: whoever follows
// such keys may go round in circles.
func (f *file) inOrder(before, key []byte) error {
	if bytes.Compare(before, key) < 0 {
		return nil
	}
	return f.damaged("keys are out of order")
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
