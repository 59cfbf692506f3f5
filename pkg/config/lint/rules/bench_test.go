package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// typical is a kratos.yml of typical size, with its identity schema.
func typical(b *testing.B) (kratos, schema string) {
	b.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(b, err)
		return string(text)
	}
	return read("typical.yml"), read("identity.schema.json")
}

func benchOptions(schema string) lint.Options {
	var opts lint.Options
	file := source.New("identity.schema.json", []byte(schema))
	opts.Schemas.Read = func(string) (*source.File, error) { return file, nil }
	return opts
}

// BenchmarkLint measures a complete lint of a typical kratos.yml with its
// schema, from bytes to findings.
func BenchmarkLint(b *testing.B) {
	kratos, schema := typical(b)
	opts := benchOptions(schema)
	all := rules.All()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lint.Check([]*source.File{source.New("kratos.yml", []byte(kratos))}, opts, all); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLintBySize shows that the time grows linearly with the size.
func BenchmarkLintBySize(b *testing.B) {
	kratos, schema := typical(b)
	for _, size := range []int{50_000, 500_000, 5_000_000} {
		var text strings.Builder
		text.WriteString(kratos + "big:\n")
		for i := 0; text.Len() < size; i++ {
			fmt.Fprintf(&text, "  key%d: https://example.com/%d\n", i, i)
		}
		b.Run(fmt.Sprintf("%dkB", size/1000), func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				_, err := lint.Check([]*source.File{source.New("kratos.yml", []byte(text.String()))}, benchOptions(schema), rules.All())
				require.NoError(b, err)
			}
		})
	}
}
