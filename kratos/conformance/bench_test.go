package conformance_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ory/kratos/embedx"
	"github.com/ory/x/otelx"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/kratos/conformance"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// BenchmarkSameFile lets lint, Kratos' own loader and a general JSON schema
// library read the same kratos.yml: a typical one without hook bodies, and what
// init writes, with four. The others report x-lint, how often lint does it
// meanwhile; the two take turns, so that a busy machine slows down both.
func BenchmarkSameFile(b *testing.B) {
	b.Run("typical", func(b *testing.B) { sameFile(b, "../../pkg/config/lint/rules/testdata/typical.yml") })
	b.Run("init", func(b *testing.B) { sameFile(b, initialised(b)) })
}

func sameFile(b *testing.B, name string) {
	b.Helper()
	b.Run("lint", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lintFile(b, name)
		}
	})
	b.Run("kratos", func(b *testing.B) {
		besidesLint(b, name, func() { require.NoError(b, conformance.Validate(b.Context(), name)) })
	})
	b.Run("json-schema", func(b *testing.B) {
		schema, config := kratosSchema(b), complete(b, name)
		besidesLint(b, name, func() { validateText(b, schema, config) })
	})
	b.Run("json-schema-compiled-each-time", func(b *testing.B) {
		config := complete(b, name)
		besidesLint(b, name, func() { validateText(b, kratosSchema(b), config) })
	})
}

// besidesLint measures work, and lint in turn with it.
func besidesLint(b *testing.B, name string, work func()) {
	b.Helper()
	var theirs, ours time.Duration
	for b.Loop() {
		start := time.Now()
		work()
		theirs += time.Since(start)
		b.StopTimer()
		start = time.Now()
		lintFile(b, name)
		ours += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-lint")
}

func lintFile(b *testing.B, name string) {
	b.Helper()
	opts := lint.Options{}
	opts.Schemas.Read = source.Open
	file, err := source.Open(name)
	require.NoError(b, err)
	_, err = lint.Check([]*source.File{file}, opts, rules.All())
	require.NoError(b, err)
}

// kratosSchema compiles the schema that is built into Kratos.
func kratosSchema(b *testing.B) *jsonschema.Schema {
	b.Helper()
	c := jsonschema.NewCompiler()
	for url, text := range map[string]string{"kratos.json": embedx.ConfigSchema, otelx.ConfigSchemaID: otelx.ConfigSchema} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(b, err)
		require.NoError(b, c.AddResource(url, doc))
	}
	schema, err := c.Compile("kratos.json")
	require.NoError(b, err)
	return schema
}

// complete is a kratos.yml with what its environment adds, for a library that
// knows of none.
func complete(b *testing.B, name string) []byte {
	b.Helper()
	config, err := conformance.Merge(b.Context(), name)
	require.NoError(b, err)
	text, err := yaml.Marshal(config)
	require.NoError(b, err)
	return text
}

func validateText(b *testing.B, schema *jsonschema.Schema, text []byte) {
	b.Helper()
	var config any
	require.NoError(b, yaml.Unmarshal(text, &config))
	require.NoError(b, schema.Validate(config))
}

// initialised is a kratos.yml as init writes it, with its schema and hooks
// beside it and its keys in the environment.
func initialised(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	files, err := setup.Files(setup.Options{Domain: "auth.example.com"}, setup.State{}, rand.Reader)
	require.NoError(b, err)
	for _, f := range files {
		name := filepath.Join(dir, f.Path)
		require.NoError(b, os.MkdirAll(filepath.Dir(name), 0o750))
		require.NoError(b, os.WriteFile(name, f.Content, 0o600))
		if f.Path == "kratos.env" {
			for _, kv := range setup.Environ(f.Content) {
				key, value, _ := strings.Cut(kv, "=")
				b.Setenv(key, value)
			}
		}
	}
	return filepath.Join(dir, "kratos.yml")
}
