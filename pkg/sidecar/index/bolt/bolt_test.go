package bolt_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/bolt"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/indextest"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

func TestStore(t *testing.T) {
	dirs := map[index.Store]string{}
	open := func(t *testing.T, dir string) index.Store {
		t.Helper()
		s, err := bolt.Open(dir)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		dirs[s] = dir
		return s
	}
	indextest.Run(t,
		func(t *testing.T) index.Store { t.Helper(); return open(t, filepath.Join(t.TempDir(), "made", "here")) },
		func(t *testing.T, s index.Store) index.Store {
			t.Helper()
			require.NoError(t, s.Close())
			return open(t, dirs[s])
		})
}

func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	s, err := bolt.Open(dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	_, err = bolt.Open(dir)
	require.ErrorIs(t, err, index.ErrLocked)
	require.EqualError(t, err, `open "`+filepath.Join(dir, "index.db")+`": the index is in use by another process`)
}

func TestOpenForeignFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, bolt.FileName)
	require.NoError(t, os.WriteFile(path, []byte("this is no index, and long enough to look like a page"), 0o600))
	_, err := bolt.Open(dir)
	require.ErrorIs(t, err, bolt.ErrDamaged)
	require.EqualError(t, err, `index.db in "`+dir+`" is damaged: invalid database: move the directory away, then import an export or start with an empty directory`)
}

func TestOpenFileAsDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := bolt.Open(path)
	require.EqualError(t, err, "data directory: mkdir "+path+": not a directory")
}

// TestQueueIsBroken: the file of records is closed if that of jobs cannot be opened.
func TestQueueIsBroken(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "queue.db")
	require.NoError(t, os.WriteFile(path, []byte("this is no queue, and long enough to look like a page"), 0o600))
	_, err := bolt.Open(dir)
	require.EqualError(t, err, `queue.db in "`+dir+`" is damaged: invalid database: move this file away; the next sweep finds the changes that were queued in it`)
	require.NoError(t, os.Remove(path))
	s, err := bolt.Open(dir)
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// TestHooksDoNotWait: a job is stored and forgotten while records are written.
func TestHooksDoNotWait(t *testing.T) {
	s, err := bolt.Open(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	job := index.Job{Identity: uuid.New(), Number: 1, Flow: index.FlowSettings}
	person := uuid.New()
	changes := 0
	err = s.Load(t.Context(), []uuid.UUID{person}, func(id uuid.UUID, _ *index.Identity) *index.Identity {
		changes++
		_, err := s.Enqueue(t.Context(), job)
		require.NoError(t, err)
		jobs, err := s.Jobs(t.Context())
		require.NoError(t, err)
		require.Equal(t, []index.Job{job}, jobs)
		require.NoError(t, s.Dequeue(t.Context(), job))
		return &index.Identity{ID: id}
	}, func(*index.Meta) {})
	require.NoError(t, err)
	require.Equal(t, 1, changes)
}

// TestLookUpsWhileWriting: whatever was stored is found, while more is stored and
// the file grows under those who read it.
func TestLookUpsWhileWriting(t *testing.T) {
	s, err := bolt.Open(t.TempDir())
	require.NoError(t, err)
	const people, each = 60, 50
	id := func(n int) uuid.UUID { return uuid.UUID{byte(n / each), byte(n % each), 1} }
	var stored atomic.Int64
	ctx, done := context.WithCancel(t.Context())
	var g errgroup.Group
	for seed := range uint64(4) {
		g.Go(func() error {
			for r := rand.New(rand.NewPCG(seed, 0)); ctx.Err() == nil; {
				n := int(stored.Load())
				if n == 0 {
					continue
				}
				want := id(r.IntN(n))
				found, err := s.Owners(ctx, userhandle.DigestOf(want[:]))
				if err != nil || len(found) != 1 || found[0].ID != want {
					return fmt.Errorf("of %d: %v is owned by %v: %w", n, want, found, err)
				}
			}
			return nil
		})
	}
	for n := range people {
		var ids []uuid.UUID
		for k := range each {
			ids = append(ids, id(n*each+k))
		}
		changed, err := s.Update(t.Context(), ids, person)
		require.NoError(t, err)
		require.Equal(t, each, changed)
		stored.Add(each)
	}
	done()
	require.NoError(t, g.Wait())
	require.NoError(t, s.Close(), "nobody reads any more")
}

// TestNothingInClear stores handles and looks for their bytes in the file.
func TestNothingInClear(t *testing.T) {
	dir := t.TempDir()
	s, err := bolt.Open(dir)
	require.NoError(t, err)
	const handle = "sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj"
	const credential = "a credential id of some length"
	id := uuid.New()
	_, err = s.Update(t.Context(), []uuid.UUID{id}, func(uuid.UUID, *index.Identity) *index.Identity {
		return &index.Identity{
			ID:          id,
			Handles:     []index.Handle{{Digest: userhandle.DigestOf([]byte(handle)), Kind: index.Passkey, State: index.Active}},
			Credentials: []index.Credential{{Digest: userhandle.DigestOf([]byte(credential)), Kind: index.Passkey, Live: true}},
		}
	})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	raw, err := os.ReadFile(filepath.Join(dir, bolt.FileName))
	require.NoError(t, err)
	require.Contains(t, string(raw), string(id[:]), "the file is the one that was written")
	for n := range len(handle) - 8 {
		require.NotContains(t, string(raw), handle[n:n+8])
	}
	require.NotContains(t, string(raw), credential[:8])
}

// TestManyLoads: the files of a build do not grow in number, and none of their
// handles is lost, whether they were merged on the way, or a crash came between.
func TestManyLoads(t *testing.T) {
	dir := t.TempDir()
	s, err := bolt.Open(dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	files := func(pattern string) []string {
		names, err := filepath.Glob(filepath.Join(dir, "build", pattern))
		require.NoError(t, err)
		return names
	}
	const loads, each = 150, 3
	var ids []uuid.UUID
	for n := range loads {
		for k := range each {
			ids = append(ids, uuid.UUID{byte(n), byte(k), 1})
		}
		require.NoError(t, s.Load(t.Context(), ids[n*each:], person, func(*index.Meta) {}))
		require.Less(t, len(files("run-*")), 64)
	}
	merged := files("merged-*")
	require.Len(t, merged, 2)
	// A crash while a third one was written: its parts are still there.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "build", "merged-cut"), []byte("cut short"), 0o600))
	require.NoError(t, s.FinishLoad(t.Context()))
	require.Empty(t, files("*"))
	var all []*index.Identity
	for _, id := range ids {
		all = append(all, person(id, nil))
	}
	indextest.RequireOwners(t, s, all...)
}

func person(id uuid.UUID, _ *index.Identity) *index.Identity {
	return &index.Identity{ID: id, Handles: []index.Handle{{Digest: userhandle.DigestOf(id[:]), Kind: index.Passkey, State: index.Active}}}
}
