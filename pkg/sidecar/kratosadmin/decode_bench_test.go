package kratosadmin

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkDecodePage reads a page of a thousand identities, element by
// element, and with encoding/json for comparison.
func BenchmarkDecodePage(b *testing.B) {
	var page []string
	for n := range 1000 {
		page = append(page, fmt.Sprintf(`{"id":"11111111-1111-4111-8111-%012d","credentials":{"code":{"type":"code","identifiers":["person@example.com"],"version":0,"created_at":"2026-11-22T00:00:00Z","updated_at":"2026-11-22T00:00:00Z"},"passkey":{"type":"passkey","identifiers":["%064d"],"version":1,"created_at":"2026-11-22T00:00:00Z","updated_at":"2026-11-22T00:00:00Z"}},"schema_id":"default","schema_url":"http://localhost:4433/schemas/ZGVmYXVsdA","state":"active","state_changed_at":"2026-11-22T00:00:00Z","traits":{"email":"person@example.com"},"metadata_public":null,"metadata_admin":null,"created_at":"2026-11-22T00:00:00Z","updated_at":"2026-11-22T00:00:00Z","organization_id":null}`, n, n))
	}
	body := "[" + strings.Join(page, ",") + "]"
	b.Run("by element", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			all, _, err := decodePage(strings.NewReader(body))
			require.NoError(b, err)
			require.Len(b, all, 1000)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var all []wireIdentity
			require.NoError(b, json.NewDecoder(strings.NewReader(body)).Decode(&all))
			require.Len(b, all, 1000)
		}
	})
}
