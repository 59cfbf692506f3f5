// Package bolt is the embedded index store: a bbolt file with the records and one
// with the queued jobs, used by one process at a time.
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

// queueName is the file with the jobs. They have their own file because bbolt has one
// writer per file, and a hook must not wait for the records of a build or a pull.
const queueName = "queue.db"

// What to do about a damaged file.
const (
	indexRemedy = "move the directory away, then import an export or start with an empty directory"
	queueRemedy = "move this file away; the next sweep finds the changes that were queued in it"
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

	commits *committer // of db
	queue   *committer
	dir     string
}

// Open opens the index in a data directory, and creates the directory and the files
// if they are missing. It returns index.ErrLocked if another process uses the index,
// and index.NewerError if a newer program wrote it. An index of an older program is
// upgraded first, which takes some seconds per million identities and resumes if it
// is interrupted.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	// The file with the records first: its lock protects the whole directory.
	db, err := openFile(filepath.Join(dir, FileName), indexRemedy, bucketIdentities, bucketHandles)
	if err != nil {
		return nil, err
	}
	queue, err := openFile(filepath.Join(dir, queueName), queueRemedy, bucketJobs)
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	s := &Store{Reader: Reader{db}, commits: &committer{db: db}, queue: &committer{db: queue}, dir: dir}
	if err := s.upgrade(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenReader opens an index of any version for reading, without changing it.
func OpenReader(dir string) (*Reader, error) {
	db, err := openReadOnly(filepath.Join(dir, FileName), indexRemedy)
	if err != nil {
		return nil, err
	}
	return &Reader{db}, nil
}

// Exists reports whether a data directory contains an index.
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

// Update implements index.Store. It first determines in a read transaction which
// records differ, and then writes only these, in a group commit with other updates.
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
	// Retry alone: another change of the group may have failed.
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
	later      func(ownerKey) // collects new handles that are inserted later; nil to insert them immediately
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

// rewriteOwners updates the owners stored with the handles of a record.
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

// ownerKey is the digest of a user handle followed by its owner's ID.
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
		return nil, nil //nolint:nilnil // the Store's contract: nil if there is no record
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
