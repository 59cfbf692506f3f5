package rules_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// requireFixable fixes a configuration and requires that no fixable finding is left
// and that fixing it again changes nothing.
func requireFixable(t *testing.T, files []*source.File, opts lint.Options, suggested bool) {
	t.Helper()
	repair, err := lint.Fix(files, opts, rules.All(), suggested)
	require.NoError(t, err)
	after := make(map[string]*source.File)
	for _, r := range repair.Changed {
		require.NotEqual(t, string(r.Before), string(r.After))
		after[r.Name] = source.New(r.Name, r.After)
	}
	again := make([]*source.File, len(files))
	for i, f := range files {
		again[i] = f
		if g, ok := after[f.Name]; ok {
			again[i] = g
		}
	}
	read := opts.Schemas.Read
	opts.Schemas.Read = func(name string) (*source.File, error) {
		if f, ok := after[name]; ok {
			return f, nil
		}
		return read(name)
	}
	if opts.RelatedFile != nil {
		if f, ok := after[opts.RelatedFile.Name]; ok {
			opts.RelatedFile = f
			opts.Related = &webauthn.Document{Status: 200, ContentType: "application/json", Body: f.Data}
		}
	}
	second, err := lint.Fix(again, opts, rules.All(), suggested)
	require.NoError(t, err)
	require.Empty(t, second.Changed, "fixing twice is fixing once")
	require.Len(t, second.Left, len(repair.Left))
}

// TestFixesAreIdempotent fixes every example with all rules at once.
func TestFixesAreIdempotent(t *testing.T) {
	paths, err := filepath.Glob("*.txtar")
	require.NoError(t, err)
	for _, path := range paths {
		_, examples := readExamples(t, path)
		for _, e := range examples {
			t.Run(path+"/"+e.name, func(t *testing.T) {
				files, opts := e.config(t)
				requireFixable(t, files, opts, false)
				requireFixable(t, files, opts, true)
			})
		}
	}
}

// TestOurCorpusCanBeFixed fixes our own configurations.
func TestOurCorpusCanBeFixed(t *testing.T) { fixAll(t, ourCorpus(t)) }

// TestCorpusCanBeFixed fixes published configurations.
func TestCorpusCanBeFixed(t *testing.T) { fixAll(t, publishedCorpus(t)) }

func fixAll(t *testing.T, files []corpusFile) {
	t.Helper()
	for _, c := range files {
		t.Run(c.name, func(t *testing.T) {
			f, err := source.Open(c.path)
			require.NoError(t, err)
			for _, suggested := range []bool{false, true} {
				requireFixable(t, []*source.File{f}, lint.Options{Schemas: kratosconf.SchemaOptions{Read: source.Open}}, suggested)
			}
		})
	}
}
