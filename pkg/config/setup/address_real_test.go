//go:build realkratos

package setup_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

// TestRealAddressChange: with RefuseAddressChange users cannot change their address
// in settings, even while the sidecar is down, but administrators can. The sidecar's
// own test covers its response.
func TestRealAddressChange(t *testing.T) {
	refusals, sidecar := recordCalls(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/refuse-address-change") {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"messages":[{"instance_ptr":"#/","messages":[{"id":4770002,"text":"not here","type":"error"}]}]}`))
		}
	})
	k, key := signedUpByCode(t, setup.Options{Domain: "localhost", SidecarURL: sidecar, RefuseAddressChange: true})
	change := func(to string) (int, []byte) {
		f := k.begin("settings")
		csrf, _ := f.value("csrf_token")
		return k.do(http.MethodPost, k.public+"/self-service/settings?flow="+f.ID, map[string]any{
			"method": "profile", "csrf_token": csrf, "traits": map[string]any{"email": to},
		})
	}

	status, answer := change("alice@example.com")
	require.Equal(t, http.StatusOK, status, "the same address: %s", answer)
	f := k.decode(change("victim@example.com"))(http.StatusBadRequest)
	require.Equal(t, []message{{ID: 4770002, Text: "not here"}}, f.UI.Messages)
	got := refusals.wait(t, "/v1/hooks/kratos/refuse-address-change")
	require.Equal(t, key, got.Key)
	require.Equal(t, map[string]any{"flow_id": f.ID}, got.Body)
	require.Equal(t, "alice@example.com", address(k))

	id := identities(k)[0].(map[string]any)["id"].(string)
	status, answer = k.do(http.MethodPatch, k.admin+"/admin/identities/"+id, []map[string]any{{"op": "replace", "path": "/traits/email", "value": "alice@example.org"}})
	require.Equal(t, http.StatusOK, status, "%s", answer)
	require.Equal(t, "alice@example.org", address(k))
}

func TestRealAddressChangeFailsClosed(t *testing.T) {
	k, _ := signedUpByCode(t, setup.Options{
		Domain: "localhost", SidecarURL: "http://127.0.0.1:" + kratostest.FreePorts(t, 1)[0], RefuseAddressChange: true,
	})
	f := k.begin("settings")
	csrf, _ := f.value("csrf_token")
	status, answer := k.do(http.MethodPost, k.public+"/self-service/settings?flow="+f.ID, map[string]any{
		"method": "profile", "csrf_token": csrf, "traits": map[string]any{"email": "victim@example.com"},
	})
	require.NotEqual(t, http.StatusOK, status, "%s", answer)
	require.Equal(t, "alice@example.com", address(k))
}

// address is that of the one account.
func address(k *kratos) string {
	k.t.Helper()
	_, body := k.do(http.MethodGet, k.admin+"/admin/identities", nil)
	var all []struct{ Traits struct{ Email string } }
	require.NoError(k.t, json.Unmarshal(body, &all), "%s", body)
	require.Len(k.t, all, 1)
	return all[0].Traits.Email
}

// signedUpByCode starts Kratos on a configuration and signs alice@example.com up
// and in.
func signedUpByCode(t *testing.T, o setup.Options) (k *kratos, hookKey string) {
	t.Helper()
	mails, courier := recordCalls(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	o.CourierURL = courier + "/mail"
	dir, hookKey := scaffolded(t, o)
	k = startKratos(t, dir)
	traits := map[string]any{"email": "alice@example.com"}
	f := k.submit("registration", k.begin("registration"), http.StatusBadRequest, map[string]any{"method": "profile", "traits": traits})
	f = k.submit("registration", f, http.StatusBadRequest, map[string]any{"method": "code", "traits": traits})
	mail := mails.wait(t, "/mail")
	require.Equal(t, "alice@example.com", mail.Body["recipient"])
	code := regexp.MustCompile(`\b[0-9]{6}\b`).FindString(mail.Body["body"].(string))
	done := k.submit("registration", f, http.StatusOK, map[string]any{"method": "code", "traits": traits, "code": code})
	require.Len(t, done.ContinueWith, 1)
	require.Equal(t, "http://localhost:4455/settings", done.ContinueWith[0].To)
	return k, hookKey
}
