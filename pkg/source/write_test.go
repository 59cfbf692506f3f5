package source_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, mode := range []fs.FileMode{0o644, 0o600} {
		require.NoError(t, source.WriteFile(path, []byte(mode.String()), mode))
		requireFile(t, path, mode.String(), mode)
	}
	require.Error(t, source.WriteFile(filepath.Join(dir, "missing", "file"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	require.Error(t, source.WriteFile(filepath.Join(dir, "folder"), nil, 0o600))
	requireNames(t, dir, "file", "folder")
}

// TestStage: the target stays as it is until the new file is committed, and when
// it cannot be written.
func TestStage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))

	failed := errors.New("disk full")
	_, err := source.Stage(path, 0o600, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return failed
	})
	require.ErrorIs(t, err, failed)
	requireFile(t, path, "old", 0o600)

	s, err := source.Stage(path, 0o640, source.Content([]byte("new")))
	require.NoError(t, err)
	requireFile(t, path, "old", 0o600)
	s.Discard()
	requireNames(t, dir, "file")

	s, err = source.Stage(path, 0o640, source.Content([]byte("new")))
	require.NoError(t, err)
	require.NoError(t, s.Commit())
	s.Discard()
	requireFile(t, path, "new", 0o640)
	requireNames(t, dir, "file")
}

func requireFile(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, content, string(got))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, mode, info.Mode().Perm())
}

func requireNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	require.Equal(t, want, got)
}
