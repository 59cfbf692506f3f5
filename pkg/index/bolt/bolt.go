// Package bolt is the embedded index store: one bbolt file, held by one
// process at a time.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

var _ index.Store = (*Store)(nil)

// FileName is the file that Open makes inside a data directory.
const FileName = "index.db"

// lockTimeout is how long Open waits for another process to let go.
const lockTimeout = time.Second

// The buckets. A handle's key is its digest and its owner's id, with nothing as
// value: what is known stands in the owner's record alone.
const (
	bucketIdentities = "identities" // id -> record
	bucketHandles    = "handles"    // digest, id -> nothing
	bucketJobs       = "jobs"       // id -> job
	bucketMeta       = "meta"       // "meta", "stats" -> JSON
)

// Store is an open file.
type Store struct{ db *bbolt.DB }

// Open opens the index in a data directory, and makes directory and file where
// they are missing. The error is index.ErrLocked where another process has it.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	path := filepath.Join(dir, FileName)
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("open %q: %w", path, index.ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", path, err)
	}
	// Hooks wait for their commit: gather those that come together, and let a
	// single one wait no longer than a commit takes anyway.
	db.MaxBatchDelay = 500 * time.Microsecond
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{bucketIdentities, bucketHandles, bucketJobs, bucketMeta} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare %q: %w", path, err), db.Close())
	}
	return &Store{db: db}, nil
}

// Close implements index.Store.
func (s *Store) Close() error { return s.db.Close() }

// Owners implements index.Store.
func (s *Store) Owners(_ context.Context, handle userhandle.Digest) ([]*index.Identity, error) {
	var owners []*index.Identity
	err := s.db.View(func(tx *bbolt.Tx) error {
		identities := tx.Bucket([]byte(bucketIdentities))
		c := tx.Bucket([]byte(bucketHandles)).Cursor()
		for k, _ := c.Seek(handle[:]); isOwnerOf(k, handle); k, _ = c.Next() {
			owner, err := get(identities, uuid.UUID(k[len(handle):]))
			if err != nil {
				return err
			}
			if owner == nil {
				return fmt.Errorf("index is damaged: a handle belongs to %s, which has no record", uuid.UUID(k[len(handle):]))
			}
			owners = append(owners, owner)
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
	err := s.db.View(func(tx *bbolt.Tx) (err error) {
		found, err = get(tx.Bucket([]byte(bucketIdentities)), id)
		return err
	})
	return found, err
}

// After implements index.Store.
func (s *Store) After(_ context.Context, id uuid.UUID, limit int) ([]*index.Identity, error) {
	var page []*index.Identity
	err := s.db.View(func(tx *bbolt.Tx) error {
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
// writer only where something differs.
func (s *Store) Update(_ context.Context, ids []uuid.UUID, change index.Change) (int, error) {
	var differ []uuid.UUID
	err := s.db.View(func(tx *bbolt.Tx) error {
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
	err = s.db.Update(func(tx *bbolt.Tx) error {
		var stats index.Stats
		if err := readJSON(tx, keyStats, &stats); err != nil {
			return err
		}
		for _, id := range differ {
			did, err := rewrite(tx, id, change, &stats)
			if err != nil {
				return err
			}
			if did {
				changed++
			}
		}
		return writeJSON(tx, keyStats, stats)
	})
	return changed, err
}

func rewrite(tx *bbolt.Tx, id uuid.UUID, change index.Change, stats *index.Stats) (bool, error) {
	identities, handles := tx.Bucket([]byte(bucketIdentities)), tx.Bucket([]byte(bucketHandles))
	cur, err := get(identities, id)
	if err != nil {
		return false, err
	}
	next := change(id, cur.Clone())
	if index.Equal(cur, next) {
		return false, nil
	}
	stats.Replace(cur, next)
	for _, h := range handlesOf(cur) {
		if has(next, h.Digest) {
			continue
		}
		if err := handles.Delete(ownerKey(h.Digest, id)); err != nil {
			return false, err
		}
	}
	for _, h := range handlesOf(next) {
		if has(cur, h.Digest) {
			continue
		}
		if err := handles.Put(ownerKey(h.Digest, id), nil); err != nil {
			return false, err
		}
	}
	if next == nil {
		return true, identities.Delete(id[:])
	}
	return true, identities.Put(id[:], next.Encode())
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

func ownerKey(d userhandle.Digest, id uuid.UUID) []byte {
	return append(append(make([]byte, 0, len(d)+len(id)), d[:]...), id[:]...)
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
