package bolt

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/indextest"
)

// unpack unpacks a data directory of testdata. They were made by the last program
// that wrote format 1, from indextest.Sample.
func unpack(t *testing.T, name string) string {
	t.Helper()
	dir, from := t.TempDir(), filepath.Join("testdata", name)
	require.NoError(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		packed, err := os.Open(path)
		require.NoError(t, err)
		defer func() { require.NoError(t, packed.Close()) }()
		r, err := gzip.NewReader(packed)
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		to := filepath.Join(dir, strings.TrimSuffix(strings.TrimPrefix(path, from), ".gz"))
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o700))
		require.NoError(t, os.WriteFile(to, content, 0o600))
		return nil
	}))
	return dir
}

// requireSample requires that everything of indextest.Sample is there.
func requireSample(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	found, err := s.After(ctx, uuid.Nil, 100)
	require.NoError(t, err)
	require.Equal(t, indextest.Sample(), found)
	indextest.RequireOwners(t, s, found...)
	jobs, err := s.Jobs(ctx)
	require.NoError(t, err)
	require.Equal(t, []index.Job{{Identity: found[0].ID, Number: 7, Flow: index.FlowSettings}}, jobs)
}

// requireUpgraded requires that nothing of format 1 is left: every record has the
// current version, and every handle whose entry has room for it holds the result of
// its lookup.
func requireUpgraded(t *testing.T, s *Store) {
	t.Helper()
	for _, f := range []*file{s.db, s.queue.db} {
		require.NoError(t, f.view(func(tx *bbolt.Tx) error {
			found, err := formatOf(tx)
			require.Equal(t, format, found)
			return err
		}))
	}
	require.NoError(t, s.db.view(func(tx *bbolt.Tx) error {
		require.NoError(t, tx.Bucket([]byte(bucketIdentities)).ForEach(func(_, v []byte) error {
			require.True(t, index.Current(v))
			return nil
		}))
		beside, without := 0, 0
		require.NoError(t, tx.Bucket([]byte(bucketHandles)).ForEach(func(_, v []byte) error {
			if len(v) == 0 {
				without++
			} else {
				beside++
			}
			return nil
		}))
		require.Equal(t, []int{10, 200}, []int{beside, without})
		return nil
	}))
}

func TestUpgrade(t *testing.T) {
	dir := unpack(t, "format1")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "lookup-1.tmp"), []byte("left behind"), 0o600))
	for range 2 { // and once more, now that there is nothing to do
		s, err := Open(dir)
		require.NoError(t, err)
		requireSample(t, s)
		requireUpgraded(t, s)
		meta, err := s.Meta(t.Context())
		require.NoError(t, err)
		require.Equal(t, index.Meta{BuiltAt: time.Unix(1000, 0).UTC(), Missing: 3}, meta)
		require.NoError(t, s.Close())
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 2, "%v", files)
}

// TestOlderProgramBetween: what a program that kept nothing beside handles has
// stored since the upgrade is found as well, and upgraded when it changes.
func TestOlderProgramBetween(t *testing.T) {
	dir := unpack(t, "format1")
	s, err := Open(dir)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	late := someone(personID(1), 1, 1)
	db, err := bbolt.Open(filepath.Join(dir, FileName), 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		var stats index.Stats
		require.NoError(t, readJSON(tx, keyStats, &stats))
		stats.Replace(nil, late)
		record, key := late.Encode(), keyOf(handleOf(1), late.ID)
		record[0] = 1
		return errors.Join(
			tx.Bucket([]byte(bucketIdentities)).Put(late.ID[:], record),
			tx.Bucket([]byte(bucketHandles)).Put(key[:], nil),
			writeJSON(tx, keyStats, stats),
		)
	}))
	require.NoError(t, db.Close())
	s, err = Open(dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	indextest.RequireOwners(t, s, append(indextest.Sample(), late)...)
	late = someone(personID(1), 2, 1, 2)
	_, err = s.Update(t.Context(), []uuid.UUID{late.ID}, func(uuid.UUID, *index.Identity) *index.Identity { return late })
	require.NoError(t, err)
	indextest.RequireOwners(t, s, append(indextest.Sample(), late)...)
}

// TestUpgradeOfALoad: a first build that an older program has begun goes on.
func TestUpgradeOfALoad(t *testing.T) {
	s, err := Open(unpack(t, "format1-loading"))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	meta, err := s.Meta(t.Context())
	require.NoError(t, err)
	require.Equal(t, index.Meta{BuildToken: "token"}, meta)
	require.NoError(t, s.FinishLoad(t.Context()))
	requireSample(t, s)
	requireUpgraded(t, s)
}

// TestUpgradeIsEnded: wherever the process ends while it upgrades, everything is
// there after the next start.
func TestUpgradeIsEnded(t *testing.T) {
	broken := errors.New("broken")
	for ends := 1; ; ends++ {
		dir := unpack(t, "format1")
		db, err := openFile(filepath.Join(dir, FileName), indexRemedy, bucketIdentities, bucketHandles)
		require.NoError(t, err)
		steps := 0
		step := func(rewrite func(*bbolt.Tx, []byte, []byte) ([]byte, error)) func(*bbolt.Tx, []byte, []byte) ([]byte, error) {
			return func(tx *bbolt.Tx, k, v []byte) ([]byte, error) {
				if steps++; steps > ends {
					return nil, broken
				}
				return rewrite(tx, k, v)
			}
		}
		err = db.rewriteAll(bucketIdentities, 2, step(upgradeRecord))
		if err == nil {
			err = db.rewriteAll(bucketHandles, 2, step(upgradeHandle))
		}
		require.NoError(t, db.close())
		s, openErr := Open(dir)
		require.NoError(t, openErr)
		requireSample(t, s)
		requireUpgraded(t, s)
		require.NoError(t, s.Close())
		if err == nil {
			require.Greater(t, ends, 100)
			return
		}
		require.ErrorIs(t, err, broken)
		ends += ends / 2
	}
}

// setFormat makes a file one of another format.
func setFormat(t *testing.T, path string, found int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error { return writeJSON(tx, keyFormat, found) }))
	require.NoError(t, db.Close())
}

// TestNewer: opening an index of a newer program fails and does not change it, but it
// can be opened for an export.
func TestNewer(t *testing.T) {
	for _, name := range []string{FileName, queueName} {
		dir := unpack(t, "format1")
		s, err := Open(dir)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		setFormat(t, filepath.Join(dir, name), 3)
		before := readFiles(t, dir)[name]
		_, err = Open(dir)
		var newer *index.NewerError
		require.ErrorAs(t, err, &newer)
		require.EqualError(t, err, `open "`+filepath.Join(dir, name)+`": index has format 3; this program supports formats up to 2: `+
			"use the newer program, or export the index with `oly-passkey index export` and import it into an empty one")
		r, err := OpenReader(dir)
		require.NoError(t, err)
		found, err := r.After(t.Context(), uuid.Nil, 100)
		require.NoError(t, err)
		require.Equal(t, indextest.Sample(), found)
		require.NoError(t, r.Close())
		require.True(t, bytes.Equal(before, readFiles(t, dir)[name]))
	}
}

// TestReaderChangesNothing, not even the format of an older program's index.
func TestReaderChangesNothing(t *testing.T) {
	dir := unpack(t, "format1")
	before := readFiles(t, dir)
	r, err := OpenReader(dir)
	require.NoError(t, err)
	for _, i := range indextest.Sample() {
		found, err := r.Identity(t.Context(), i.ID)
		require.NoError(t, err)
		require.Equal(t, i, found)
		for _, h := range i.Handles {
			owners, err := r.Owners(t.Context(), h.Digest)
			require.NoError(t, err)
			want, _ := i.Owner(h.Digest)
			require.Contains(t, owners, want)
		}
	}
	_, err = Open(dir)
	require.ErrorIs(t, err, index.ErrLocked)
	require.NoError(t, r.Close())
	require.True(t, maps.EqualFunc(before, readFiles(t, dir), bytes.Equal))
}
