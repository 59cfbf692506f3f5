package kratosadmin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// fakeKratosPage responds to every request with one page.
func fakeKratosPage(t *testing.T, body string) *kratosadmin.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.RawQuery; got != "include_credential=passkey&include_credential=webauthn&page_size=1000" {
			t.Errorf("query %q", got)
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	c, err := kratosadmin.New(kratosadmin.Options{URL: server.URL, Tries: 1})
	require.NoError(t, err)
	return c
}

func TestInventory(t *testing.T) {
	page, err := fakeKratosPage(t, `[
  {"id":"00000000-0000-4000-8000-000000000001","created_at":"2026-01-02T03:04:05Z","traits":{"email":"a@b.c"},
   "recovery_addresses":[{"value":"a@b.c","via":"email"}],
   "credentials":{"password":{"type":"password","identifiers":["a@b.c"]},"code":{"config":{"addresses":[]}},
     "passkey":{"identifiers":["h"],"config":{"user_handle":"aA==","credentials":[{"id":"AQ==","authenticator":{"aaguid":"AAAAAAAAAAAAAAAAAAAAAA==","clone_warning":true},"flags":{"backup_eligible":true,"backup_state":false}}]}}}},
  {"id":"00000000-0000-4000-8000-000000000002","credentials":{"webauthn":{"identifiers":["x"]}}},
  {"id":"00000000-0000-4000-8000-000000000003"}]`).Inventory(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, page.Next)
	require.Len(t, page.Identities, 3)
	first := page.Identities[0]
	require.Equal(t, []string{"code", "password"}, first.Others)
	require.True(t, first.Recovery)
	require.Equal(t, []string{"h"}, first.Passkey.Identifiers)
	key := first.Passkey.Config.Keys[0]
	require.True(t, key.Authenticator.CloneWarning)
	require.Equal(t, &kratosadmin.Flags{BackupEligible: true}, key.Flags)
	require.Nil(t, first.WebAuthn)
	require.Nil(t, page.Identities[1].WebAuthn.Config)
	require.False(t, page.Identities[2].Recovery)
	require.Empty(t, page.Identities[2].Others)
}

func TestInventoryRefuses(t *testing.T) {
	for body, want := range map[string]string{
		`[{"id":"x"}]`: `kratos returned an identity with the ID "x"`,
		`[{"id":"00000000-0000-4000-8000-000000000002"},{"id":"00000000-0000-4000-8000-000000000001"}]`: "identities are not sorted by ID",
		`[{"id":"00000000-0000-4000-8000-000000000002"}`:                                                "unexpected EOF",
	} {
		_, err := fakeKratosPage(t, body).Inventory(t.Context(), "")
		require.ErrorContains(t, err, want)
	}
}
