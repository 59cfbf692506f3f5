package conformance_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/kratos/conformance"
	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/scaffold"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// BenchmarkSameFile lets lint and Kratos' own loader read the same kratos.yml:
// what init writes, with its schema and hooks beside it.
func BenchmarkSameFile(b *testing.B) {
	dir := b.TempDir()
	files, err := scaffold.Files(scaffold.Options{Domain: "auth.example.com"}, scaffold.State{}, rand.Reader)
	require.NoError(b, err)
	for _, f := range files {
		name := filepath.Join(dir, f.Path)
		require.NoError(b, os.MkdirAll(filepath.Dir(name), 0o750))
		require.NoError(b, os.WriteFile(name, f.Content, 0o600))
		if f.Path == "kratos.env" {
			for _, kv := range scaffold.Environ(f.Content) {
				key, value, _ := strings.Cut(kv, "=")
				b.Setenv(key, value)
			}
		}
	}
	name := filepath.Join(dir, "kratos.yml")

	b.Run("lint", func(b *testing.B) {
		opts := lint.Options{}
		opts.Schemas.Read = source.Open
		for b.Loop() {
			file, err := source.Open(name)
			require.NoError(b, err)
			_, err = lint.Check([]*source.File{file}, opts, rules.All())
			require.NoError(b, err)
		}
	})
	b.Run("kratos", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, conformance.Validate(b.Context(), name))
		}
	})
}
