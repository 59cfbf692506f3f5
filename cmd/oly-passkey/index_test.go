package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/bolt"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/indextest"
)

// TestIndexOfANewerProgram: every command but export rejects an index of a newer
// program.
func TestIndexOfANewerProgram(t *testing.T) {
	dir := t.TempDir()
	s, err := bolt.Open(dir)
	require.NoError(t, err)
	for _, i := range indextest.Sample() {
		_, err := s.Update(t.Context(), []uuid.UUID{i.ID}, func(uuid.UUID, *index.Identity) *index.Identity { return i })
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	path := filepath.Join(dir, bolt.FileName)
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("format"), []byte("3")) }))
	require.NoError(t, db.Close())

	do := func(command string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = run(context.Background(), []string{"index", command, "--data-dir", dir}, &app{stdin: &bytes.Buffer{}, stdout: &out, stderr: &errs})
		return code, out.String(), errs.String()
	}
	for _, command := range []string{"verify", "stats", "import"} {
		code, stdout, stderr := do(command)
		require.Equal(t, cli.ExitFailed, code)
		require.Empty(t, stdout)
		require.Equal(t, `oly-passkey: error: open "`+path+`": index has format 3; this program supports formats up to 2: `+
			"use the newer program, or export the index with `oly-passkey index export` and import it into an empty one\n", stderr)
	}
	code, stdout, stderr := do("export")
	require.Equal(t, cli.ExitClean, code)
	require.Equal(t, "exported 9 identities\n", stderr)
	require.Contains(t, stdout, `{"identities":9}`)
}
