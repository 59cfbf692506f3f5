package bolt

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// damage is a table with something wrong in it.
type damage struct {
	name string
	raw  []byte
	want string
}

// damages are those of a table with two places, whose copies begin behind three
// offsets.
func damages(table []byte) []damage {
	const copies = 3 * offsetLen
	record := slices.Clone(table)
	record[copies+copyHead] = 255
	first := func(from, to uint64) []byte {
		raw := slices.Clone(table)
		binary.LittleEndian.PutUint64(raw, from)
		binary.LittleEndian.PutUint64(raw[offsetLen:], to)
		return raw
	}
	return []damage{
		{"cut in its offsets", table[:offsetLen+1], io.EOF.Error()},
		{"cut behind its offsets", table[:copies], io.EOF.Error()},
		{"ends before it begins", first(copies+1, copies), errTable.Error()},
		{"place of gigabytes", first(copies, 1<<40), errTable.Error()},
		{"place that is just too large", first(copies, copies+maxPlace+1), errTable.Error()},
		{"copy without an end of its length", first(copies, copies+3), errTable.Error()},
		{"copy without an end of its head", first(copies, uint64(copies+copyHead-1)), errTable.Error()},
		{"copy without an end of its record", first(copies, uint64(copies+copyHead+1)), errTable.Error()},
		{"copy that is no record", record, "index record has version 255, this program reads version 1"},
	}
}

// firstHandle makes a table with two places and answers it, with a handle in the
// first of them.
func firstHandle(t *testing.T) (raw []byte, handle userhandle.Digest) {
	t.Helper()
	w, err := newTableWriter(t.TempDir(), 2)
	require.NoError(t, err)
	for _, handle[0] = range []byte{1, 200} {
		i := &index.Identity{ID: uuid.UUID{handle[0]}, Handles: []index.Handle{{Digest: handle, Kind: index.Passkey, State: index.Active}}}
		require.NoError(t, w.put(keyOf(handle, i.ID), i.Encode()))
	}
	name := filepath.Join(t.TempDir(), "table")
	require.NoError(t, os.Link(w.file.Name(), name))
	made, err := w.finish()
	require.NoError(t, err)
	require.NoError(t, made.close())
	raw, err = os.ReadFile(name)
	require.NoError(t, err)
	return raw, userhandle.Digest{1}
}

// TestDamagedTable: what cannot be read is no answer.
func TestDamagedTable(t *testing.T) {
	raw, handle := firstHandle(t)
	open := func(t *testing.T, raw []byte) *table {
		t.Helper()
		path := filepath.Join(t.TempDir(), "table")
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		table, err := openTable(path, 2)
		require.NoError(t, err)
		return table
	}
	whole := open(t, raw)
	found, err := whole.owners(handle)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.NoError(t, whole.close())
	for _, tc := range damages(raw) {
		t.Run(tc.name, func(t *testing.T) {
			table := open(t, tc.raw)
			found, err := table.owners(handle)
			require.ErrorContains(t, err, tc.want)
			require.Empty(t, found)
			require.NoError(t, table.close())
		})
	}
	_, err = openTable(filepath.Join(t.TempDir(), "none"), 2)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestHandlesOfOneFront: the front of a digest is not all of it.
func TestHandlesOfOneFront(t *testing.T) {
	s := openStore(t)
	like := func(last byte) userhandle.Digest { return userhandle.Digest{7, 15: last} }
	for n := range byte(3) {
		i := &index.Identity{ID: uuid.UUID{n + 1}, Handles: []index.Handle{{Digest: like(n), Kind: index.Passkey, State: index.Active}}}
		update(t, s, i.ID, i)
	}
	require.NoError(t, s.copies.renew(t.Context()))
	for n := range byte(3) {
		found, ok := s.copies.owners(like(n))
		require.True(t, ok)
		require.Len(t, found, 1)
		require.Equal(t, uuid.UUID{n + 1}, found[0].ID)
	}
	_, ok := s.copies.owners(like(3))
	require.False(t, ok)
	require.Empty(t, owners(t, s, like(3)))
}

// TestLongestCopy: a record of that length is copied, and one byte more is not.
func TestLongestCopy(t *testing.T) {
	w, err := newTableWriter(t.TempDir(), 1)
	require.NoError(t, err)
	require.NoError(t, w.put(ownerKey{}, make([]byte, maxCopy)))
	require.Equal(t, uint64(2*offsetLen+copyHead+maxCopy), w.end)
	require.NoError(t, w.put(ownerKey{}, make([]byte, maxCopy+1)))
	require.Equal(t, uint64(2*offsetLen+2*copyHead+maxCopy), w.end)
	require.NoError(t, w.abandon())
}

// TestTableThatCannotBeWritten is given up where that is noticed, and not when all
// of the index has been read for it.
func TestTableThatCannotBeWritten(t *testing.T) {
	_, err := newTableWriter(filepath.Join(t.TempDir(), "missing"), 1)
	require.ErrorIs(t, err, os.ErrNotExist)

	s := openStore(t)
	const people = 3000
	var ids []uuid.UUID
	for n := range people {
		ids = append(ids, personID(n))
	}
	_, err = s.Update(t.Context(), ids, func(id uuid.UUID, _ *index.Identity) *index.Identity {
		n := int(id[1])<<8 | int(id[2])
		return someone(id, 1, numbers(10*n, 5)...)
	})
	require.NoError(t, err)
	for _, places := range []int{1, 5 * people} {
		w, err := newTableWriter(s.dir, places)
		require.NoError(t, err)
		require.NoError(t, w.file.Close())
		var last ownerKey
		for copied := 0; err == nil; copied += 500 {
			require.Less(t, copied, 5*people/2)
			err = s.db.view(func(tx *bbolt.Tx) (err error) {
				last, _, err = s.copies.copySome(tx, w, last)
				return err
			})
		}
		require.ErrorIs(t, err, os.ErrClosed)
		_, err = w.finish()
		require.ErrorIs(t, err, os.ErrClosed)
		require.ErrorContains(t, err, `write "`+w.file.Name()+`": `)
		require.NoFileExists(t, w.file.Name())
	}
}

// TestTableWithoutACopy: of an index without a handle.
func TestTableWithoutACopy(t *testing.T) {
	w, err := newTableWriter(t.TempDir(), 0)
	require.NoError(t, err)
	table, err := w.finish()
	require.NoError(t, err)
	found, err := table.owners(handleOf(1))
	require.NoError(t, err)
	require.Empty(t, found)
	require.Equal(t, bytes.Repeat([]byte{2 * offsetLen, 0, 0, 0, 0, 0, 0, 0}, 2), readAll(t, table))
	require.NoError(t, table.close())
}

func readAll(t *testing.T, table *table) []byte {
	t.Helper()
	raw := make([]byte, table.file.Len())
	_, err := table.file.ReadAt(raw, 0)
	require.NoError(t, err)
	return raw
}

// FuzzTable: whatever is in a table's file, a look-up neither panics nor answers
// what the record does not say.
func FuzzTable(f *testing.F) {
	dir := f.TempDir()
	w, err := newTableWriter(dir, 2)
	require.NoError(f, err)
	for n := range 3 {
		require.NoError(f, w.put(keyOf(handleOf(n), personID(n)), someone(personID(n), n, n).Encode()))
	}
	name := filepath.Join(dir, "seed")
	require.NoError(f, os.Link(w.file.Name(), name))
	made, err := w.finish()
	require.NoError(f, err)
	require.NoError(f, made.close())
	seed, err := os.ReadFile(name)
	require.NoError(f, err)
	f.Add(seed, uint16(2))
	for _, tc := range damages(seed) {
		f.Add(tc.raw, uint16(2))
	}
	f.Add([]byte{}, uint16(0))
	f.Fuzz(func(t *testing.T, raw []byte, places uint16) {
		path := filepath.Join(t.TempDir(), "table")
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		table, err := openTable(path, uint64(places))
		require.NoError(t, err)
		for n := range 3 {
			found, err := table.owners(handleOf(n))
			if err != nil {
				require.Empty(t, found)
			}
			for _, i := range found {
				require.True(t, has(i, handleOf(n)))
			}
		}
		require.NoError(t, table.close())
	})
}
