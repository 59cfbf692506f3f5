// Package bolt is the embedded index store: a bbolt file with the records, and
// one with the jobs that wait, held by one process at a time.
package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

var _ index.Store = (*Store)(nil)

// FileName is the file with the records that Open makes inside a data
// directory.
const FileName = "index.db"

// queueName is the file with the jobs. A file has one writer, and whoever sends
// a hook shall not wait until a build or a pull has stored its records.
const queueName = "queue.db"

// What to do about a file that is damaged.
const (
	indexCure = "move the directory away, then import an export or start with an empty directory"
	queueCure = "move this file away; the next sweep finds the changes that were queued in it"
)

// The buckets. A handle's key is its digest and its owner's id; the value is the
// encoded index.Owner, or empty if the owner's record has to be read instead.
const (
	bucketIdentities = "identities" // id -> record
	bucketHandles    = "handles"    // digest, id -> owner
	bucketJobs       = "jobs"       // id -> job
	bucketMeta       = "meta"       // "meta", "stats", "format" -> JSON
)

// Reader reads the records of a data directory.
type Reader struct{ db *file }

// Store is an open data directory.
type Store struct {
	Reader

	commits *commits // of db
	queue   *commits
	dir     string
}

// Open opens the index in a data directory, and makes the directory and the
// files if they are missing. The error is index.ErrLocked if another process has
// it, and index.NewerError if a newer program has written it. An index of an
// older program is upgraded first, which takes some seconds for each million
// identities, and goes on where it was if the process ends meanwhile.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	// The records' file first: the process that holds it holds the directory.
	db, err := openFile(filepath.Join(dir, FileName), indexCure, bucketIdentities, bucketHandles)
	if err != nil {
		return nil, err
	}
	queue, err := openFile(filepath.Join(dir, queueName), queueCure, bucketJobs)
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	s := &Store{Reader: Reader{db}, commits: &commits{db: db}, queue: &commits{db: queue}, dir: dir}
	if err := s.upgrade(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenReader opens an index for reading, whatever program has written it, and
// changes nothing.
func OpenReader(dir string) (*Reader, error) {
	db, err := openReadOnly(filepath.Join(dir, FileName), indexCure)
	if err != nil {
		return nil, err
	}
	return &Reader{db}, nil
}

// Exists tells whether there is an index in a data directory.
func Exists(dir string) (bool, error) {
	info, err := os.Stat(filepath.Join(dir, FileName))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Mode().IsRegular(), err
}

// Remove removes a closed index from its data directory.
func Remove(dir string) error {
	err := os.RemoveAll(filepath.Join(dir, runsDir))
	for _, name := range []string{FileName, queueName} {
		if gone := os.Remove(filepath.Join(dir, name)); !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// Close implements index.Store.
func (s *Store) Close() error { return errors.Join(s.queue.db.close(), s.db.close()) }

// Close closes the index.
func (r *Reader) Close() error { return r.db.close() }

// Owners implements index.Store.
func (r *Reader) Owners(_ context.Context, handle userhandle.Digest) (owners []index.Owner, err error) {
	err = r.db.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucketHandles)).Cursor()
		for k, v := c.Seek(handle[:]); isOwnerOf(k, handle); k, v = c.Next() {
			id := uuid.UUID(k[len(handle):])
			o, ok, err := index.DecodeOwner(id, v)
			if err != nil {
				return fmt.Errorf("identity %s: %w", id, err)
			}
			if !ok {
				record, err := get(tx.Bucket([]byte(bucketIdentities)), id)
				if err != nil {
					return err
				}
				if record == nil { // erased while a load was under way
					continue
				}
				if o, ok = record.Owner(handle); !ok {
					continue
				}
			}
			owners = append(owners, o)
		}
		return nil
	})
	return owners, err
}

func isOwnerOf(key []byte, handle userhandle.Digest) bool {
	return len(key) == len(handle)+len(uuid.UUID{}) && userhandle.Digest(key[:len(handle)]) == handle
}

// Identity implements index.Store.
func (r *Reader) Identity(_ context.Context, id uuid.UUID) (*index.Identity, error) {
	var found *index.Identity
	err := r.db.view(func(tx *bbolt.Tx) (err error) {
		found, err = get(tx.Bucket([]byte(bucketIdentities)), id)
		return err
	})
	return found, err
}

// After implements index.Store.
func (r *Reader) After(_ context.Context, id uuid.UUID, limit int) ([]*index.Identity, error) {
	var page []*index.Identity
	err := r.db.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucketIdentities)).Cursor()
		k, v := c.Seek(id[:])
		if k != nil && uuid.UUID(k) == id {
			k, v = c.Next()
		}
		for ; k != nil && len(page) < limit; k, v = c.Next() {
			i, err := decode(uuid.UUID(k), v)
			if err != nil {
				return err
			}
			page = append(page, i)
		}
		return nil
	})
	return page, err
}

// Update implements index.Store. It looks first and takes the file's one
// writer only where something differs, together with others that wait for it:
// a commit takes longer than what is in it.
func (s *Store) Update(_ context.Context, ids []uuid.UUID, change index.Change) (int, error) {
	var differ []uuid.UUID
	err := s.db.view(func(tx *bbolt.Tx) error {
		identities := tx.Bucket([]byte(bucketIdentities))
		for _, id := range ids {
			cur, err := get(identities, id)
			if err != nil {
				return err
			}
			if !index.Equal(cur, change(id, cur.Clone())) {
				differ = append(differ, id)
			}
		}
		return nil
	})
	if err != nil || len(differ) == 0 {
		return 0, err
	}
	changed := 0
	write := func(tx *bbolt.Tx) (err error) {
		changed, err = s.rewriteAll(tx, differ, change)
		return err
	}
	if err := s.commits.do(write); err == nil {
		return changed, nil
	}
	// Perhaps it was another one that could not be made.
	err = s.db.update(write)
	return changed, err
}

func (s *Store) rewriteAll(tx *bbolt.Tx, ids []uuid.UUID, change index.Change) (changed int, err error) {
	w, err := newWriter(tx)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		did, err := w.rewrite(id, change)
		if err != nil {
			return 0, err
		}
		if did {
			changed++
		}
	}
	return changed, w.finish()
}

// writer rewrites records in one transaction.
type writer struct {
	tx         *bbolt.Tx
	identities *bbolt.Bucket
	handles    *bbolt.Bucket
	stats      index.Stats
	later      func(ownerKey) // takes new handles, which are put in later; nil: they are put in at once
}

func newWriter(tx *bbolt.Tx) (*writer, error) {
	w := &writer{tx: tx, identities: tx.Bucket([]byte(bucketIdentities)), handles: tx.Bucket([]byte(bucketHandles))}
	return w, readJSON(tx, keyStats, &w.stats)
}

func (w *writer) finish() error { return writeJSON(w.tx, keyStats, w.stats) }

func (w *writer) rewrite(id uuid.UUID, change index.Change) (changed bool, err error) {
	cur, err := get(w.identities, id)
	if err != nil {
		return false, err
	}
	next := change(id, cur.Clone())
	if index.Equal(cur, next) {
		return false, nil
	}
	w.stats.Replace(cur, next)
	if err := w.rewriteOwners(id, cur, next); err != nil {
		return false, err
	}
	if next == nil {
		return true, w.identities.Delete(id[:])
	}
	return true, w.identities.Put(id[:], next.Encode())
}

// rewriteOwners makes what stands beside the handles say what the record does.
func (w *writer) rewriteOwners(id uuid.UUID, cur, next *index.Identity) error {
	for _, h := range handlesOf(cur) {
		if has(next, h.Digest) {
			continue
		}
		key := keyOf(h.Digest, id)
		if err := w.handles.Delete(key[:]); err != nil {
			return err
		}
	}
	for _, h := range handlesOf(next) {
		key, known := keyOf(h.Digest, id), has(cur, h.Digest)
		if !known && w.later != nil {
			w.later(key)
			continue
		}
		owner := next.EncodeOwner(h.Digest)
		if known && bytes.Equal(owner, cur.EncodeOwner(h.Digest)) {
			continue
		}
		if err := w.handles.Put(key[:], owner); err != nil {
			return err
		}
	}
	return nil
}

func handlesOf(i *index.Identity) []index.Handle {
	if i == nil {
		return nil
	}
	return i.Handles
}

func has(i *index.Identity, d userhandle.Digest) bool {
	return slices.ContainsFunc(handlesOf(i), func(h index.Handle) bool { return h.Digest == d })
}

// ownerKey is a handle's digest and its owner's id.
type ownerKey [len(userhandle.Digest{}) + len(uuid.UUID{})]byte

func keyOf(d userhandle.Digest, id uuid.UUID) (k ownerKey) {
	copy(k[copy(k[:], d[:]):], id[:])
	return k
}

func (k ownerKey) split() (userhandle.Digest, uuid.UUID) {
	d := userhandle.Digest(k[:len(userhandle.Digest{})])
	return d, uuid.UUID(k[len(d):])
}

func get(identities *bbolt.Bucket, id uuid.UUID) (*index.Identity, error) {
	v := identities.Get(id[:])
	if v == nil {
		return nil, nil //nolint:nilnil // the Store's contract: nil is no record
	}
	return decode(id, v)
}

func decode(id uuid.UUID, v []byte) (*index.Identity, error) {
	i, err := index.Decode(id, v)
	if err != nil {
		return nil, fmt.Errorf("identity %s: %w", id, err)
	}
	return i, nil
}
