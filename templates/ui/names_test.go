package ui_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/templates/ui"
)

// TestRename stores names in the identity's metadata, only for credentials of the
// account.
func TestRename(t *testing.T) {
	flow := func(metadata string) answer {
		return answer{http.StatusOK, `{"id":"f","identity":{"id":"i","metadata_public":` + metadata + `},"ui":{"nodes":[
			{"type":"input","group":"passkey","attributes":{"name":"passkey_remove","type":"submit","value":"aabb"}},
			{"type":"input","group":"webauthn","attributes":{"name":"webauthn_remove","type":"submit","value":"ccdd"}}]}}`}
	}
	const mine, gone, broken = "/settings?flow=f#passkeys", "/settings", ""
	for _, c := range []struct {
		name                  string
		flow                  answer
		credential, call, to  string
		status, adminAnswered int
		patch                 string
	}{
		{
			"the first name", flow(`null`), "aabb", "My  phone ", mine, http.StatusSeeOther, http.StatusOK,
			`[{"op":"add","path":"/metadata_public","value":{"passkey_names":{"aabb":"My phone"}}}]`,
		},
		{
			"beside other metadata", flow(`{"plan":"free"}`), "ccdd", "Blue key", mine, http.StatusSeeOther, http.StatusOK,
			`[{"op":"add","path":"/metadata_public/passkey_names","value":{"ccdd":"Blue key"}}]`,
		},
		{
			"names of removed ones go", flow(`{"passkey_names":{"aabb":"Old","9999":"Removed"}}`), "aabb", "", mine, http.StatusSeeOther, http.StatusOK,
			`[{"op":"add","path":"/metadata_public/passkey_names","value":{}}]`,
		},
		{"somebody else's credential", flow(`null`), "9999", "Mine", mine, http.StatusSeeOther, http.StatusOK, ``},
		{"no object", flow(`"text"`), "aabb", "Mine", broken, http.StatusBadGateway, http.StatusOK, ``},
		{"too long", flow(`null`), "aabb", strings.Repeat("ä", 61), broken, http.StatusBadRequest, http.StatusOK, ``},
		{"control characters", flow(`null`), "aabb", "a\x00b", broken, http.StatusBadRequest, http.StatusOK, ``},
		{"not signed in", answer{http.StatusUnauthorized, `{}`}, "aabb", "Mine", gone, http.StatusSeeOther, http.StatusOK, ``},
		{
			"kratos refuses", flow(`null`), "aabb", "Mine", broken, http.StatusBadGateway, http.StatusConflict,
			`[{"op":"add","path":"/metadata_public","value":{"passkey_names":{"aabb":"Mine"}}}]`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			patch := ""
			admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				patch = r.Method + " " + r.URL.Path + " " + string(body)
				w.WriteHeader(c.adminAnswered)
			}))
			defer admin.Close()
			s := newServer(t, fakekratos{"/self-service/settings/flows": c.flow}, func(config *ui.Config) { config.AdminURL = admin.URL })
			w := rename(s, url.Values{"flow": {"f"}, "credential": {c.credential}, "name": {c.call}})
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.to, w.Header().Get("Location"))
			if c.patch != "" {
				c.patch = "PATCH /admin/identities/i " + c.patch
			}
			require.Equal(t, c.patch, patch)
		})
	}
	off := newServer(t, fakekratos{"/self-service/settings/flows": flow(`null`)})
	require.Equal(t, http.StatusBadRequest, rename(off, url.Values{"flow": {"f"}}).Code)
}

func rename(s *ui.Server, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/rename", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// TestNames: the user's name comes first, then Kratos' own, then the provider's;
// metadata of any shape is harmless.
func TestNames(t *testing.T) {
	page := func(metadata string) string {
		flow := `{"id":"f","identity":{"id":"i","metadata_public":` + metadata + `},"ui":{"nodes":[
			{"type":"input","group":"webauthn","attributes":{"name":"webauthn_remove","type":"submit","value":"aabb"},"meta":{"label":{"context":{"display_name":"Blue key"}}}}]}}`
		return get(t, newServer(t, fakekratos{"/self-service/settings/flows": {http.StatusOK, flow}}, func(c *ui.Config) { c.AdminURL = "http://127.0.0.1:1" }), "/settings?flow=f").Body.String()
	}
	require.Contains(t, page(`{"passkey_names":{"aabb":"At <home>"}}`), "<strong>At &lt;home&gt;</strong>")
	for _, metadata := range []string{`null`, `"text"`, `[1]`, `{"passkey_names":7}`, `{"passkey_names":{"aabb":7}}`, `{"passkey_names":{"aabb":""}}`} {
		require.Contains(t, page(metadata), "<strong>Blue key</strong>", metadata)
	}
}

// TestUsed reports the credential of the signed-in user to the sidecar.
func TestUsed(t *testing.T) {
	signedIn := fakekratos{"/sessions/whoami": {http.StatusOK, `{"identity":{"id":"i"}}`}}
	for _, c := range []struct {
		name   string
		kratos fakekratos
		body   string
		status int
		used   []string
	}{
		{"signed in", signedIn, `{"credential_id":"aWQ"}`, http.StatusNoContent, []string{"i aWQ"}},
		{"not signed in", fakekratos{"/sessions/whoami": {http.StatusUnauthorized, `{}`}}, `{"credential_id":"aWQ"}`, http.StatusUnauthorized, nil},
		{"no json", signedIn, `credential_id=aWQ`, http.StatusBadRequest, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var used []string
			s := newServer(t, c.kratos, func(config *ui.Config) { config.Directory = directory{used: &used} })
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/used", strings.NewReader(c.body)))
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.used, used)
		})
	}
}
