package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/api"
)

func TestReadKeys(t *testing.T) {
	k, err := api.ReadKeys(strings.NewReader("# ours\n\n hooks : a \nresolve:b\nresolve:c\r\n"), "keys")
	require.NoError(t, err)
	require.Equal(t, "a", k.Key(api.ScopeHooks))
	require.Equal(t, "b", k.Key(api.ScopeResolve))
	require.Empty(t, k.Key(api.ScopeAdmin))
	for text, want := range map[string]string{
		"secret":                     "keys:1: expected \"scope:key\", such as \"hooks:oly_…\"",
		"# x\nroot:secret":           "keys:2: unknown scope: use hooks, resolve, read or admin",
		"hooks:":                     `keys:1: scope "hooks" has an empty key`,
		"hooks:two words":            `keys:1: a key of scope "hooks" contains a space or a character that is not allowed in an HTTP header`,
		"hooks:kéy":                  `keys:1: a key of scope "hooks" contains a space or a character that is not allowed in an HTTP header`,
		"read:a\nread:b\nread:c":     `keys:3: scope "read" has more than 2 keys`,
		strings.Repeat("x", 100<<10): "keys: bufio.Scanner: token too long",
	} {
		_, err := api.ReadKeys(strings.NewReader(text), "keys")
		require.EqualError(t, err, want)
	}
}

// TestLargeKeyFile: a file is read as a whole, or not at all.
func TestLargeKeyFile(t *testing.T) {
	const most = 64 << 10
	path := filepath.Join(t.TempDir(), "keys")
	text := strings.Repeat("#\n", most/2-5) + "hooks:abcd"
	require.Len(t, text, most)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	k, err := api.ReadKeyFile(path)
	require.NoError(t, err)
	require.Equal(t, "abcd", k.Key(api.ScopeHooks))
	require.NoError(t, os.WriteFile(path, []byte(text+"e"), 0o600))
	_, err = api.ReadKeyFile(path)
	require.EqualError(t, err, `API key file "`+path+`" is larger than 64 KiB`)
}

// FuzzReadKeys: no file makes it panic, and no error repeats a key.
func FuzzReadKeys(f *testing.F) {
	f.Add("hooks:secret-key\nresolve:secret-key")
	f.Add("hooks:secret-key:\nx:secret-key")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := api.ReadKeys(strings.NewReader(text), "keys"); err != nil {
			require.NotContains(t, err.Error(), "secret-key")
		}
	})
}
