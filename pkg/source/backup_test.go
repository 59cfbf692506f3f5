package source_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

func TestBackup(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "kratos.yml")
	require.NoError(t, os.WriteFile(name, []byte("one"), 0o640))
	require.NoError(t, os.Symlink(filepath.Join(dir, "nowhere"), name+".bak"), "a link that leads nowhere is taken as well")
	for i, want := range []string{name + ".bak.1", name + ".bak.2"} {
		got, err := source.Backup(name, []os.FileMode{os.ModePerm, 0o600}[i])
		require.NoError(t, err)
		require.Equal(t, want, got)
		content, err := os.ReadFile(got)
		require.NoError(t, err)
		require.Equal(t, "one", string(content))
		info, err := os.Stat(got)
		require.NoError(t, err)
		require.Equal(t, []os.FileMode{0o640, 0o600}[i], info.Mode())
	}
	require.NoFileExists(t, filepath.Join(dir, "nowhere"))
	_, err := source.Backup(filepath.Join(dir, "missing"), os.ModePerm)
	require.ErrorContains(t, err, "missing")
}
