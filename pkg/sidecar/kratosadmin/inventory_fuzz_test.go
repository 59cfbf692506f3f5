package kratosadmin

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDecodeInventory reads anything as a page: an error, or identities in the
// order of their ids.
func FuzzDecodeInventory(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[{"id":"00000000-0000-4000-8000-000000000001"}]`, `[{"id":"x"}]`, `{`, `[{}`, `[null]`,
		`[{"id":"00000000-0000-4000-8000-000000000001","recovery_addresses":[{}],"credentials":{"passkey":{"identifiers":["h"],"config":{"credentials":[{"id":"AQ=="}]}},"totp":7}}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, _, err := decodeInventory(strings.NewReader(text))
		if err != nil {
			require.Nil(t, all)
			return
		}
		require.True(t, slices.IsSortedFunc(all, func(a, b *Inventory) int { return strings.Compare(a.ID.String(), b.ID.String()) }))
		for _, i := range all {
			require.True(t, slices.IsSorted(i.Others))
		}
	})
}
