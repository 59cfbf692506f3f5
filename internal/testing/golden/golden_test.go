package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
)

// another is a test whose failure is looked at.
type another struct {
	testing.TB

	said string
}

type failed struct{}

func (a *another) Helper()      {}
func (a *another) Name() string { return "TestOther/part" }
func (a *another) Fatalf(format string, args ...any) {
	a.said = fmt.Sprintf(format, args...)
	panic(failed{})
}

// said is the failure of holding a file against text, "" without one.
func said(path, text string, update bool) string {
	a := new(another)
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(failed{}) {
				panic(r)
			}
		}()
		golden.File(a, path, []byte(text), update)
	}()
	return a.said
}

func TestFile(t *testing.T) {
	const again = "  go test ./internal/testing/golden -run '^TestOther$' -update"
	path := filepath.Join(t.TempDir(), "page.md")
	require.Equal(t, path+" does not exist; to create it:\n"+again, said(path, "a\n", false))

	require.Empty(t, said(path, "a\nb\nc\n", true))
	require.Empty(t, said(path, "a\nb\nc\n", false))
	require.Equal(t, path+" is stale; to update it:\n"+again+`
--- in the file
+++ generated now
@@ -1,3 +1,3 @@
 a
-b
+B
 c
`, said(path, "a\nB\nc\n", false))
	require.Equal(t, path+" is stale; to update it:\n"+again+`
--- in the file
+++ generated now
@@ -1,3 +1,3 @@
 a
 b
-c
+c
\ No newline at end of file
`, said(path, "a\nb\nc", false))

	long := said(path, strings.Repeat("other\n", 1000), false)
	require.Equal(t, 22, strings.Count(long, "\n"), long)
	require.True(t, strings.HasSuffix(long, "+other\n… and 987 lines more"), long)
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "a\nb\nc\n", string(have))
}
