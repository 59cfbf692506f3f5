// Package bolt is the embedded index store: a bbolt file with the records, and
// one with the jobs that wait, held by one process at a time.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/index"
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
	indexCure = "put the folder aside and import an export, or start with an empty one"
	queueCure = "put this file aside; the next sweep finds what waited in it"
)

// The buckets. A handle's key is its digest and its owner's id, with nothing as
// value: what is known stands in the owner's record alone.
const (
	bucketIdentities = "identities" // id -> record
	bucketHandles    = "handles"    // digest, id -> nothing
	bucketJobs       = "jobs"       // id -> job
	bucketMeta       = "meta"       // "meta", "stats" -> JSON
)

// Store is an open data directory.
type Store struct {
	db      *file
	commits *commits // of db
	copies  *copies  // of db
	queue   *commits
	dir     string
}

// Open opens the index in a data directory, and makes directory and file where
// they are missing. The error is index.ErrLocked where another process has it.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	// The records' file first: who holds it holds the directory.
	db, err := openFile(filepath.Join(dir, FileName), indexCure, bucketIdentities, bucketHandles, bucketMeta)
	if err != nil {
		return nil, err
	}
	queue, err := openFile(filepath.Join(dir, queueName), queueCure, bucketJobs)
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	return &Store{
		db: db, commits: &commits{db: db}, queue: &commits{db: queue}, dir: dir,
		copies: &copies{db: db, dir: dir, room: room, wanted: make(chan struct{}, 1)},
	}, nil
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
func (s *Store) Close() error {
	return errors.Join(s.queue.db.close(), s.copies.pause(), s.db.close())
}

// Owners implements index.Store.
func (s *Store) Owners(_ context.Context, handle userhandle.Digest) (owners []*index.Identity, err error) {
	if owners, ok := s.copies.owners(handle); ok {
		return owners, nil
	}
	err = s.db.view(func(tx *bbolt.Tx) error {
		identities := tx.Bucket([]byte(bucketIdentities))
		c := tx.Bucket([]byte(bucketHandles)).Cursor()
		var last []byte
		for k, _ := c.Seek(handle[:]); isOwnerOf(k, handle); k, _ = c.Next() {
			if err := s.db.inOrder(last, k); err != nil {
				return err
			}
			last = k
			owner, err := get(identities, uuid.UUID(k[len(handle):]))
			if err != nil {
				return err
			}
			if owner != nil { // erased while a load was under way
				owners = append(owners, owner)
			}
		}
		return nil
	})
	return owners, err
}

func isOwnerOf(key []byte, handle userhandle.Digest) bool {
	return len(key) == len(handle)+len(uuid.UUID{}) && userhandle.Digest(key[:len(handle)]) == handle
}

// Identity implements index.Store.
func (s *Store) Identity(_ context.Context, id uuid.UUID) (*index.Identity, error) {
	var found *index.Identity
	err := s.db.view(func(tx *bbolt.Tx) (err error) {
		found, err = get(tx.Bucket([]byte(bucketIdentities)), id)
		return err
	})
	return found, err
}

// After implements index.Store.
func (s *Store) After(_ context.Context, id uuid.UUID, limit int) ([]*index.Identity, error) {
	var page []*index.Identity
	err := s.db.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucketIdentities)).Cursor()
		k, v := c.Seek(id[:])
		if k != nil && uuid.UUID(k) == id {
			k, v = c.Next()
		}
		last := id[:]
		for ; k != nil && len(page) < limit; k, v = c.Next() {
			if err := s.db.inOrder(last, k); err != nil {
				return err
			}
			i, err := decode(uuid.UUID(k), v)
			if err != nil {
				return err
			}
			page, last = append(page, i), k
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
	handles := tx.Bucket([]byte(bucketHandles))
	w, err := s.newWriter(tx, func(k ownerKey) error { return handles.Put(k[:], nil) })
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
	own        func(ownerKey) error // puts down the owner of a handle
	note       func(cur, next *index.Identity)
}

func (s *Store) newWriter(tx *bbolt.Tx, own func(ownerKey) error) (*writer, error) {
	w := &writer{tx: tx, identities: tx.Bucket([]byte(bucketIdentities)), handles: tx.Bucket([]byte(bucketHandles)), own: own, note: s.copies.note}
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
	w.note(cur, next)
	w.stats.Replace(cur, next)
	for _, h := range handlesOf(cur) {
		if has(next, h.Digest) {
			continue
		}
		key := keyOf(h.Digest, id)
		if err := w.handles.Delete(key[:]); err != nil {
			return false, err
		}
	}
	for _, h := range handlesOf(next) {
		if has(cur, h.Digest) {
			continue
		}
		if err := w.own(keyOf(h.Digest, id)); err != nil {
			return false, err
		}
	}
	if next == nil {
		return true, w.identities.Delete(id[:])
	}
	return true, w.identities.Put(id[:], next.Encode())
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
