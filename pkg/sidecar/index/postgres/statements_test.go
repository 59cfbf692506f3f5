package postgres_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStatements keeps every statement within what PostgreSQL and CockroachDB
// both document. CockroachDB itself is not there to ask.
func TestStatements(t *testing.T) {
	statement := regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|LOCK|LISTEN|NOTIFY|COPY|MERGE|DO|TRUNCATE)\b`)
	// What one of the two lacks, or has in name only.
	refused := regexp.MustCompile(`(?i)\b(pg_try_advisory\w*|pg_advisory_xact\w*|LISTEN|NOTIFY|COPY|MERGE|LOCK TABLE|SERIAL|BIGSERIAL|SEQUENCE|TRIGGER|FUNCTION|LANGUAGE|TEMP|TEMPORARY|INHERITS|EXCLUDE|CTID|XMIN|DELETE FROM \w+ USING|RETURNING OLD|GENERATED)\b`)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			if statement.MatchString(text) {
				found++
				require.NotRegexp(t, refused, text)
			}
			return true
		})
	}
	require.Greater(t, found, 20)
}
