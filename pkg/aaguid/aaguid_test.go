package aaguid_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/aaguid"
)

func TestLookup(t *testing.T) {
	for id, want := range map[string]aaguid.Provider{
		"fbfc3007-154e-4ecc-8c0b-6e020557d7bd": {Name: "Apple Passwords", Kind: aaguid.Synced},
		"ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": {Name: "Google Password Manager", Kind: aaguid.Synced},
		"08987058-cadc-4b81-b6e1-30de50dcbe96": {Name: "Windows Hello", Kind: aaguid.Device},
		"2fc0579f-8113-47ea-b116-bb5a8db9202a": {Name: "YubiKey 5 Series with NFC", Kind: aaguid.Key},
		"00000000-0000-0000-0000-000000000000": {},
		"00000000-0000-0000-0000-000000000001": {},
	} {
		u := uuid.MustParse(id)
		require.Equal(t, want, aaguid.Lookup(u[:]), id)
	}
	require.Equal(t, aaguid.Provider{}, aaguid.Lookup(nil))
	require.Equal(t, aaguid.Provider{}, aaguid.Lookup([]byte("short")))
}

// TestList reads the list as it is committed: every line is sound, and they are
// in order.
func TestList(t *testing.T) {
	text, err := os.ReadFile("providers.tsv")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	require.True(t, slices.IsSorted(lines))
	require.Greater(t, len(lines), 100)
	for _, line := range lines {
		f := strings.Split(line, "\t")
		require.Len(t, f, 3, line)
		u, err := uuid.Parse(f[0])
		require.NoError(t, err, line)
		require.Contains(t, []string{"synced", "device", "key"}, f[1])
		require.Equal(t, aaguid.Provider{Kind: aaguid.Kind(f[1]), Name: f[2]}, aaguid.Lookup(u[:]))
		require.Equal(t, strings.TrimSpace(f[2]), f[2])
		require.NotEmpty(t, f[2])
	}
}
