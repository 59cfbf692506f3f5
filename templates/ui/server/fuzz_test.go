package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzReadKeys: readKeys returns the keys of a file with both scopes, and rejects
// every other file.
func FuzzReadKeys(f *testing.F) {
	f.Add([]byte("# keys\nresolve:a\nread: b \nhooks:c\n"))
	f.Add([]byte("resolve:\nresolve:x:y\r\nread:z"))
	f.Add([]byte("#resolve:a\nread:b\n"))
	name := filepath.Join(f.TempDir(), "keys")
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, os.WriteFile(name, text, 0o600))
		keys, err := readKeys(name)
		if err != nil {
			return
		}
		for _, scope := range []string{"resolve", "read"} {
			require.NotEmpty(t, keys[scope])
			require.Equal(t, strings.TrimSpace(keys[scope]), keys[scope])
			require.Contains(t, string(text), scope+":")
			require.Contains(t, string(text), keys[scope])
		}
	})
}
