package bolt

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

var _ index.Loader = (*Store)(nil)

// A load writes records in the order of their ids, which a B+tree takes well.
// Their handles are random: put in as they come, each would dirty a page of its
// own. So they go into sorted files beside the index, which FinishLoad merges
// into it in order.

// runsDir is the folder of those files in the data directory.
const runsDir = "build"

// The files' names. Those of single loads are merged into a few large ones on
// the way, so that neither open files nor buffers grow with the index.
const (
	loadRuns   = "run-*"
	mergedRuns = "merged-*"
)

// maxRuns is how many files of single loads there may be.
const maxRuns = 64

// mergeBatch is how many handles one transaction takes while merging.
const mergeBatch = 50_000

// Load implements index.Loader.
func (s *Store) Load(_ context.Context, ids []uuid.UUID, change index.Change, meta func(*index.Meta)) error {
	var keys []ownerKey
	var run string
	var commit int
	err := s.db.update(func(tx *bbolt.Tx) error {
		commit = tx.ID()
		w, err := newWriter(tx)
		if err != nil {
			return err
		}
		w.later = func(k ownerKey) { keys = append(keys, k) }
		w.identities.FillPercent = 0.9
		for _, id := range ids {
			if _, err := w.rewrite(id, change); err != nil {
				return err
			}
		}
		if err := updateMeta(tx, meta); err != nil {
			return err
		}
		// On disk before the records are: a run without its records does no harm.
		if run, err = s.writeRun(keys); err != nil {
			return err
		}
		return w.finish()
	})
	if err != nil && run != "" {
		s.dropRun(run, commit)
	}
	return err
}

// dropRun removes the run of a load that failed, so that loads that are tried
// again and again do not fill the disk. It stays where the records may be there:
// a commit whose last flush failed is seen all the same.
func (s *Store) dropRun(run string, commit int) {
	stored := true
	_ = s.db.view(func(tx *bbolt.Tx) error { // it stays where that fails
		stored = tx.ID() >= commit
		return nil
	})
	if !stored {
		_ = os.Remove(run) // it does no harm, and may be merged already
	}
}

// writeRun writes handles as a sorted file, and answers its name.
func (s *Store) writeRun(keys []ownerKey) (name string, err error) {
	if len(keys) == 0 {
		return "", nil
	}
	dir := filepath.Join(s.dir, runsDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	slices.SortFunc(keys, func(a, b ownerKey) int { return bytes.Compare(a[:], b[:]) })
	name, err = writeKeys(dir, loadRuns, func(put func(ownerKey)) error {
		for _, k := range keys {
			put(k)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if err := syncFolder(s.dir); err != nil { // which may have got its folder now
		return name, err
	}
	return name, mergeRuns(dir)
}

// writeKeys writes a new file, which is on the disk when it is done, and is not
// there where that failed.
func writeKeys(dir, pattern string, keys func(put func(ownerKey)) error) (name string, err error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(f)
	err = keys(func(k ownerKey) { _, _ = w.Write(k[:]) }) // the error stays until Flush
	err = errors.Join(err, w.Flush(), f.Sync(), f.Close())
	if err == nil {
		err = syncFolder(dir)
	}
	if err != nil {
		return "", fmt.Errorf("write %q: %w", f.Name(), errors.Join(err, os.Remove(f.Name())))
	}
	return f.Name(), nil
}

// syncFolder makes the names in a folder last.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // which does so by itself, and takes no flush of a folder
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// mergeRuns makes one file of those of single loads, where they have become
// many. After a crash on the way some handles are there twice, which does no
// harm.
func mergeRuns(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, loadRuns))
	if err != nil || len(names) < maxRuns {
		return err
	}
	runs, closeAll, err := openRuns(names)
	defer closeAll()
	if err != nil {
		return err
	}
	_, err = writeKeys(dir, mergedRuns, func(put func(ownerKey)) error {
		for len(runs) > 0 {
			put(runs[0].next)
			if err := runs.advance(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// FinishLoad implements index.Loader.
func (s *Store) FinishLoad(ctx context.Context) error {
	dir := filepath.Join(s.dir, runsDir)
	names, err := filepath.Glob(filepath.Join(dir, loadRuns))
	merged, err2 := filepath.Glob(filepath.Join(dir, mergedRuns))
	names = append(names, merged...)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if len(names) == 0 {
		return nil
	}
	runs, closeAll, err := openRuns(names)
	defer closeAll()
	if err != nil {
		return err
	}
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if done, err = s.mergeSome(&runs); err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}

// mergeSome puts the next handles of all runs into the index; done reports that
// there are no more. What stands beside them is what their records say by now.
func (s *Store) mergeSome(runs *runHeap) (done bool, err error) {
	err = s.db.update(func(tx *bbolt.Tx) error {
		handles := tx.Bucket([]byte(bucketHandles))
		handles.FillPercent = 0.9
		for range mergeBatch {
			if len(*runs) == 0 {
				done = true
				return nil
			}
			if err := putOwner(tx, handles, (*runs)[0].next); err != nil {
				return err
			}
			if err := runs.advance(); err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}

// putOwner puts what a handle's record says beside the handle, and nothing if the
// identity was erased or has lost the handle.
func putOwner(tx *bbolt.Tx, handles *bbolt.Bucket, key ownerKey) error {
	handle, id := key.split()
	record, err := get(tx.Bucket([]byte(bucketIdentities)), id)
	if err != nil || !has(record, handle) {
		return err
	}
	return handles.Put(key[:], record.EncodeOwner(handle))
}
