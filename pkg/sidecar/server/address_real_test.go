//go:build realkratos

package server_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
)

// TestRealAddressChange: with the hook under settings.after.profile users cannot
// change their address, even while the sidecar is down; everything else is saved.
func TestRealAddressChange(t *testing.T) {
	ports := kratostest.FreePorts(t, 2)
	s := startSidecar(t, "http://127.0.0.1:"+ports[1], t.TempDir(), "127.0.0.1:0")
	body, err := os.ReadFile("../../../templates/hooks/refuse-address-change.jsonnet")
	require.NoError(t, err)
	// In this test's schema the username takes the place of the address.
	body = []byte(strings.ReplaceAll(string(body), `"email"`, `"username"`))
	hook := strings.Replace(hookTo(s.URL(), api.RefuseAddressPath, "hooks-key"), "ignore: true", "parse: true", 1)
	hook = strings.Replace(hook, "file://identity.jsonnet", "base64://"+base64.StdEncoding.EncodeToString(body), 1)
	deaf := hookTo("http://127.0.0.1:1", "/", "x")
	k := startKratos(t, ports, [3]string{deaf, deaf, deaf}, "selfservice: { flows: { settings: { after: { profile: { hooks: [ "+hook+" ] } } } } }")
	mallory := newPerson(t, k, "mallory@example.org")
	mallory.signUp("passkey")
	change := func(to string) (int, []byte) {
		f := mallory.begin("settings")
		return mallory.submit(f, map[string]any{"method": "profile", "traits": map[string]string{"username": to}})
	}
	address := func() string {
		status, raw := mallory.do(http.MethodGet, k.admin+"/admin/identities/"+mallory.id, nil)
		require.Equal(t, http.StatusOK, status, "%s", raw)
		var shown struct {
			Traits struct {
				Username string `json:"username"`
			} `json:"traits"`
		}
		require.NoError(t, json.Unmarshal(raw, &shown))
		return shown.Traits.Username
	}

	status, raw := change("victim@example.org")
	require.Equal(t, http.StatusBadRequest, status, "%s", raw)
	var shown struct {
		UI struct {
			Messages []struct {
				ID   int    `json:"id"`
				Text string `json:"text"`
			} `json:"messages"`
		} `json:"ui"`
	}
	require.NoError(t, json.Unmarshal(raw, &shown))
	require.Len(t, shown.UI.Messages, 1)
	require.Equal(t, server.AddressChangeMessageID, shown.UI.Messages[0].ID)
	require.Equal(t, "Your email address cannot be changed here. Please ask us to change it.", shown.UI.Messages[0].Text)
	require.Equal(t, "mallory@example.org", address())
	status, raw = change("mallory@example.org")
	require.Equal(t, http.StatusOK, status, "the same address: %s", raw)

	require.NoError(t, s.stop())
	status, raw = change("victim@example.org")
	require.Equal(t, http.StatusBadRequest, status, "%s", raw) // 500 in the body, as v1.3.1 does in settings
	require.Contains(t, string(raw), "giving up after 3 attempt(s)")
	require.Equal(t, "mallory@example.org", address())
	status, raw = change("mallory@example.org")
	require.Equal(t, http.StatusOK, status, "nobody is asked: %s", raw)
}
