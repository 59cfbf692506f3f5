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

// A load writes records in the order of their IDs, which is efficient in a B+tree.
// Their handles are random: if they were inserted directly, each would dirty another
// page. Therefore they are written to sorted runs next to the index, which FinishLoad
// merges into it in order (an external merge sort).

// runsDir is the directory of the runs in the data directory.
const runsDir = "build"

// Name patterns of the runs. Those of single loads are merged into a few large ones
// during the load, which limits the number of open files and buffers.
const (
	loadRuns   = "run-*"
	mergedRuns = "merged-*"
)

// maxRuns is the maximum number of runs of single loads.
const maxRuns = 64

// mergeBatch is the number of handles per transaction of a merge.
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
		// The run must be on disk before the records. A run without records is harmless.
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

// dropRun removes the run of a failed load, so that repeated attempts do not fill the
// disk. It keeps the run if the records may be stored: a commit whose last flush
// failed is visible nevertheless.
func (s *Store) dropRun(run string, commit int) {
	stored := true
	_ = s.db.view(func(tx *bbolt.Tx) error { // if this fails, the run is kept
		stored = tx.ID() >= commit
		return nil
	})
	if !stored {
		_ = os.Remove(run) // may already be merged; harmless if it remains
	}
}

// writeRun writes handles to a sorted run and returns its name.
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
	if err := syncFolder(s.dir); err != nil { // runsDir may be new
		return name, err
	}
	return name, mergeRuns(dir)
}

// writeKeys writes a new file and syncs it to disk. It removes the file if that
// fails.
func writeKeys(dir, pattern string, keys func(put func(ownerKey)) error) (name string, err error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(f)
	err = keys(func(k ownerKey) { _, _ = w.Write(k[:]) }) // Flush returns the error
	err = errors.Join(err, w.Flush(), f.Sync(), f.Close())
	if err == nil {
		err = syncFolder(dir)
	}
	if err != nil {
		return "", fmt.Errorf("write %q: %w", f.Name(), errors.Join(err, os.Remove(f.Name())))
	}
	return f.Name(), nil
}

// syncFolder makes the directory entries durable.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // does not support flushing a directory, and does not need it
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// mergeRuns merges the runs of single loads into one if there are too many. If it is
// interrupted, some handles remain in two runs, which is harmless.
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

// mergeSome inserts the next batch of handles with the owners from their current
// records; done reports whether all runs are merged.
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

// putOwner stores a handle with its owner, unless the identity was erased or no
// longer has the handle.
func putOwner(tx *bbolt.Tx, handles *bbolt.Bucket, key ownerKey) error {
	handle, id := key.split()
	record, err := get(tx.Bucket([]byte(bucketIdentities)), id)
	if err != nil || !has(record, handle) {
		return err
	}
	return handles.Put(key[:], record.EncodeOwner(handle))
}
