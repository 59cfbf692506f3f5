package bolt

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/indextest"
)

// storeCrowd stores or erases some identities.
func storeCrowd(t *testing.T, s *Store, from, to int, change index.Change) {
	t.Helper()
	var ids []uuid.UUID
	for n := from; n < to; n++ {
		ids = append(ids, personID(n))
	}
	_, err := s.Update(t.Context(), ids, change)
	require.NoError(t, err)
}

func member(id uuid.UUID, _ *index.Identity) *index.Identity { return crowdMember(id) }

func nobody(uuid.UUID, *index.Identity) *index.Identity { return nil }

// syncFreelist writes the list of free pages into a file, as older programs did.
func syncFreelist(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucketMeta)).Delete([]byte(keyFormat)) }))
	require.NoError(t, db.Close())
}

// freelist returns the page with the list of free pages of the last commit; ok is
// false if there is none.
func freelist(raw []byte) (page []byte, ok bool) {
	size := os.Getpagesize()
	last := func(n int) (commit, list uint64) {
		meta := raw[n*size+16:]
		return binary.NativeEndian.Uint64(meta[48:]), binary.NativeEndian.Uint64(meta[32:])
	}
	commit, list := last(0)
	if other, second := last(1); other > commit {
		list = second
	}
	if list > uint64(len(raw)/size) { // bbolt's mark for none
		return nil, false
	}
	return raw[int(list)*size:], true
}

func freePages(page []byte) (ids []uint64) {
	for n := range int(binary.NativeEndian.Uint16(page[10:])) {
		ids = append(ids, binary.NativeEndian.Uint64(page[16+8*n:]))
	}
	return ids
}

// TestFreelist: no list of free pages is on the disk. Were one, pages in use that
// it names because a write was lost would be given away.
func TestFreelist(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	s, err := Open(dir)
	require.NoError(t, err)
	storeCrowd(t, s, 0, 3000, member)
	storeCrowd(t, s, 3000, 6000, member)
	storeCrowd(t, s, 3000, 6000, nobody)
	require.NoError(t, s.Close())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	_, listed := freelist(raw)
	require.False(t, listed)

	// An older program wrote one, with pages that are in use by now.
	syncFreelist(t, path)
	raw, err = os.ReadFile(path)
	require.NoError(t, err)
	page, listed := freelist(raw)
	require.True(t, listed)
	old := slices.Clone(freePages(page))
	require.Greater(t, len(old), 40)
	s, err = Open(dir)
	require.NoError(t, err)
	storeCrowd(t, s, 10000, 12500, member)
	require.NoError(t, s.Close())
	syncFreelist(t, path)
	raw, err = os.ReadFile(path)
	require.NoError(t, err)
	page, listed = freelist(raw)
	require.True(t, listed)
	own := binary.NativeEndian.Uint64(page)
	now := freePages(page)
	damaged := 0
	for _, id := range old {
		if id != own && !slices.Contains(now, id) && damaged < 12 {
			binary.NativeEndian.PutUint64(page[16+8*damaged:], id)
			damaged++
		}
	}
	require.Equal(t, 12, damaged)
	binary.NativeEndian.PutUint16(page[10:], uint16(damaged))
	require.NoError(t, os.WriteFile(path, raw, 0o600))

	s, err = Open(dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for n := range 50 { // hooks that are stored
		storeCrowd(t, s, 20000+n, 20001+n, member)
	}
	var all []*index.Identity
	for _, span := range [][2]int{{0, 3000}, {10000, 12500}, {20000, 20050}} {
		for n := span[0]; n < span[1]; n++ {
			all = append(all, crowdMember(personID(n)))
		}
	}
	indextest.RequireOwners(t, s, all...)
}
