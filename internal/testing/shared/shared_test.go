package shared_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/shared"
)

func TestPath(t *testing.T) {
	t.Run("variable", func(t *testing.T) {
		dir := t.TempDir()
		t.Setenv("OLY_PASSKEY_SHARED", dir)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "index.tsv"), nil, 0o600))
		require.Equal(t, filepath.Join(dir, "index.tsv"), shared.Path(t, "index.tsv"))
	})

	// A nested module's go.mod lies between the test and the main module's.
	t.Run("beside the main module", func(t *testing.T) {
		t.Setenv("OLY_PASSKEY_SHARED", "")
		dir, err := filepath.EvalSymlinks(t.TempDir())
		require.NoError(t, err)
		nested := filepath.Join(dir, "project", "kratos", "e2e", "pages")
		require.NoError(t, os.MkdirAll(nested, 0o750))
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "shared", "corpus"), 0o750))
		for path, module := range map[string]string{"project": "", "project/kratos/e2e": "/kratos/e2e"} {
			text := "module github.com/olympusoss/oly-passkey" + module + "\n\ngo 1.25\n"
			require.NoError(t, os.WriteFile(filepath.Join(dir, path, "go.mod"), []byte(text), 0o600))
		}
		t.Chdir(nested)
		require.Equal(t, filepath.Join(dir, "shared", "corpus"), shared.Path(t, "corpus"))
	})

	t.Run("absent", func(t *testing.T) {
		t.Setenv("OLY_PASSKEY_SHARED", t.TempDir())
		var skipped bool
		t.Run("test", func(t *testing.T) {
			defer func() { skipped = t.Skipped() }()
			shared.Path(t, "corpus")
		})
		require.True(t, skipped)
	})
}
