package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

func runsOf(t *testing.T, s *Store) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, runsDir, "*"))
	require.NoError(t, err)
	return names
}

// TestLoadFails: a load that is not stored leaves nothing behind, and one whose
// records may be there leaves their handles.
func TestLoadFails(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	change := func(id uuid.UUID, _ *index.Identity) *index.Identity { return someone(id, 1, 1) }
	meta := func(*index.Meta) {}
	require.NoError(t, s.Load(t.Context(), []uuid.UUID{personID(1)}, change, meta))
	before := runsOf(t, s)
	require.Len(t, before, 1)
	var commit int
	require.NoError(t, s.db.view(func(tx *bbolt.Tx) error { commit = tx.ID(); return nil }))
	s.dropRun(before[0], commit)
	require.Equal(t, before, runsOf(t, s), "that commit is seen")

	err = s.Load(t.Context(), []uuid.UUID{personID(2)}, change, func(*index.Meta) { require.NoError(t, s.db.disk.Close()) })
	require.ErrorIs(t, err, os.ErrClosed)
	require.Equal(t, before, runsOf(t, s))
	require.Error(t, s.Close())
}

// TestWriteKeysFails: a file that could not be written is not there.
func TestWriteKeysFails(t *testing.T) {
	dir := t.TempDir()
	broken := errors.New("broken")
	_, err := writeKeys(dir, loadRuns, func(func(ownerKey)) error { return broken })
	require.ErrorIs(t, err, broken)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, files)

	_, err = writeKeys(dir, loadRuns, func(func(ownerKey)) error { return os.RemoveAll(dir) })
	require.ErrorContains(t, err, "open "+dir+": no such file or directory", "the names in the folder do not last")
}
