package kratosadmin

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDecodePage: no bytes make it panic, and no page is taken whose ids are
// not in order.
func FuzzDecodePage(f *testing.F) {
	f.Add(`[]`)
	f.Add(`[{"id":"11111111-1111-4111-8111-111111111111","credentials":{"passkey":{"identifiers":["a"]}}}]`)
	f.Add(`[{"id":"11111111-1111-4111-8111-111111111111"},{"id":"22222222-2222-4222-8222-222222222222","credentials":{"webauthn":{"config":{"user_handle":"QQ==","credentials":[{"id":"QQ=="}]}}}}]`)
	f.Fuzz(func(t *testing.T, body string) {
		page, err := decodePage(strings.NewReader(body))
		if err != nil {
			require.Nil(t, page)
			return
		}
		for n := 1; n < len(page); n++ {
			require.Less(t, page[n-1].ID.String(), page[n].ID.String())
		}
	})
}

// FuzzNextToken: no header makes it panic.
func FuzzNextToken(f *testing.F) {
	f.Add(`</admin/identities?page_token=x>; rel="next"`)
	f.Add(`<a>; rel="first",</admin/identities?page_token=x>; rel="next"`)
	f.Add(`,;<>;rel=next`)
	f.Fuzz(func(t *testing.T, header string) {
		token, err := nextToken([]string{header})
		if err != nil {
			require.Empty(t, token)
		}
	})
}
