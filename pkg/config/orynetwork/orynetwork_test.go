package orynetwork_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	ory "github.com/ory/client-go"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/orynetworktest"
	"github.com/olympusoss/oly-passkey/pkg/config/orynetwork"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

const (
	projectID = "9d7b6d0e-3f2a-4a4e-9a0f-1c2b3d4e5f60"
	slug      = "pensive-darwin-upz1f31srv"
)

func fakeOryNetwork(t *testing.T) *orynetworktest.FakeOryNetwork {
	t.Helper()
	config, err := os.ReadFile("testdata/identity-config.json")
	require.NoError(t, err)
	return orynetworktest.Start(t, []*ory.Project{orynetworktest.Project(t, projectID, slug, string(config))}, nil)
}

func fetch(t *testing.T) *orynetwork.Project {
	t.Helper()
	c, err := orynetwork.New(orynetwork.Options{Token: orynetworktest.Key, URL: fakeOryNetwork(t).URL})
	require.NoError(t, err)
	p, err := c.Project(t.Context(), uuid.MustParse(projectID))
	require.NoError(t, err)
	return p
}

func TestProject(t *testing.T) {
	p := fetch(t)
	require.Equal(t, projectID, p.ID)
	require.Equal(t, "5b1e3a52-6f38-4a3c-8a0f-0d6a7f0c9e11", p.Revision)
	require.Equal(t, "ory:"+projectID, p.Name())
	require.Equal(t, slug+".projects.oryapis.com", p.Host())
	require.True(t, p.HostedPages())
	require.True(t, p.OnOwnHost())
}

// TestProjectWaitsForTheRateLimit: the request is retried when the next window
// begins.
func TestProjectWaitsForTheRateLimit(t *testing.T) {
	f := fakeOryNetwork(t)
	f.Limited.Store(1)
	c, err := orynetwork.New(orynetwork.Options{Token: orynetworktest.Key, URL: f.URL})
	require.NoError(t, err)
	began := time.Now()
	_, err = c.Project(t.Context(), uuid.MustParse(projectID))
	require.NoError(t, err)
	require.EqualValues(t, 2, f.Requests.Load())
	require.GreaterOrEqual(t, time.Since(began), time.Second)
}

func TestProjectFails(t *testing.T) {
	const other = "11111111-1111-4111-8111-111111111111"
	serve := func(h http.HandlerFunc) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	f := fakeOryNetwork(t)
	elsewhere := 0
	secret := serve(func(http.ResponseWriter, *http.Request) { elsewhere++ })
	for name, c := range map[string]struct{ token, url, id, want string }{
		"wrong key":   {"ory_pat_wrong", f.URL, projectID, "the API key was rejected (401); it may have been revoked"},
		"no such":     {orynetworktest.Key, f.URL, other, "not found, or not accessible with the API key (404); list the ids with: ory list projects"},
		"forbidden":   {"x", serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }), projectID, "the API key has no access to it (403); use one of this project or its workspace"},
		"redirect":    {"x", serve(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, secret, http.StatusFound) }), projectID, `the response is 302, a redirect to "` + secret + `", which is not followed`},
		"down":        {"x", serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }), projectID, "the response is 502 Bad Gateway"},
		"html":        {"x", serve(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }), projectID, "cannot read the response: undefined response type"},
		"another":     {orynetworktest.Key, serve(another(t)), projectID, `the response is project "` + other + `"`},
		"without any": {orynetworktest.Key, serve(without(t)), projectID, "it has no identity configuration"},
		"too large":   {"x", serve(endless), projectID, "cannot read the response: it is larger than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := orynetwork.New(orynetwork.Options{Token: c.token, URL: c.url, Tries: 1})
			require.NoError(t, err)
			_, err = client.Project(t.Context(), uuid.MustParse(c.id))
			require.EqualError(t, err, "ory network project "+c.id+": "+c.want)
		})
	}
	require.Zero(t, elsewhere, "the token went along with a redirect")
}

func another(t *testing.T) http.HandlerFunc {
	t.Helper()
	p := orynetworktest.Project(t, "11111111-1111-4111-8111-111111111111", slug, `{"a":1}`)
	return model(p)
}

func without(t *testing.T) http.HandlerFunc {
	t.Helper()
	p := orynetworktest.Project(t, projectID, slug, `{"a":1}`)
	p.Services.Identity = nil
	return model(p)
}

func model(p *ory.Project) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(p)
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	chunk := []byte(`"` + strings.Repeat("x", 1<<20) + `",`)
	for range 20 {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func TestOptions(t *testing.T) {
	for url, want := range map[string]string{
		"":                         "",
		"https://api.example.com":  "",
		"http://127.0.0.1:1":       "",
		"http://[::1]:1":           "",
		"http://localhost:1":       "",
		"http://api.example.com":   `invalid Ory Network URL "http://api.example.com": a token is sent there, so use https`,
		"ftp://localhost":          `invalid Ory Network URL "ftp://localhost": a token is sent there, so use https`,
		"api.example.com":          `invalid Ory Network URL "api.example.com": use only scheme, host, port and path`,
		"https://u:p@example.com":  `invalid Ory Network URL "https://u:xxxxx@example.com": use only scheme, host, port and path`,
		"https://example.com?x=y":  `invalid Ory Network URL "https://example.com?x=y": use only scheme, host, port and path`,
		"https://example.com/#top": `invalid Ory Network URL "https://example.com/#top": use only scheme, host, port and path`,
	} {
		_, err := orynetwork.New(orynetwork.Options{Token: "x", URL: url})
		if want == "" {
			require.NoError(t, err, url)
		} else {
			require.EqualError(t, err, want)
		}
	}
	_, err := orynetwork.New(orynetwork.Options{})
	require.EqualError(t, err, "the Ory Network needs an API key of the project or its workspace")
}

// TestPointer looks up positions of a document.
func TestPointer(t *testing.T) {
	const text = "a:\n  b:\n    - x\n    - c: 1\n      \"d/e~\": [p, q]\nz: 1\n"
	for _, c := range []struct {
		line, column int
		want         string
	}{
		{1, 1, "/a"},
		{2, 3, "/a/b"},
		{3, 7, "/a/b/0"},
		{4, 7, "/a/b/1/c"},
		{4, 10, "/a/b/1/c"},
		{5, 8, "/a/b/1/d~1e~0"},
		{5, 19, "/a/b/1/d~1e~0/1"},
		{6, 1, "/z"},
	} {
		require.Equal(t, c.want, orynetwork.Pointer([]byte(text), source.Position{Line: c.line, Column: c.column}), "%d:%d", c.line, c.column)
	}
	require.Empty(t, orynetwork.Pointer([]byte("a: [1"), source.Position{Line: 1, Column: 1}))
	require.Empty(t, orynetwork.Pointer(nil, source.Position{Line: 1, Column: 1}))
}

func TestSetting(t *testing.T) {
	p := fetch(t)
	for pointer, want := range map[string]string{
		"/selfservice/methods/passkey/config/rp/origins/0":      "Authentication > Passwordless login",
		"/selfservice/methods/webauthn/config/rp":               "Authentication > Two-factor auth",
		"/selfservice/methods/oidc":                             "Authentication > Social Sign-In",
		"/selfservice/methods/passkeys":                         "",
		"/selfservice/flows/login/ui_url":                       "Branding > UI URLs",
		"/selfservice/flows/registration/after/passkey/hooks/0": "Authentication > Actions & Webhooks",
		"/selfservice/flows/registration/after":                 "Authentication > Registration",
		"/selfservice/allowed_return_urls/3":                    "Branding > Browser redirects",
		"/identity/schemas/0/url":                               "User management > Identity schema",
		"/session/whoami/required_aal":                          "Authentication > Sessions",
		"/courier/templates/recovery/valid":                     "Branding > Email templates",
		"/selfservice/flows/settings/required_aal":              "",
		"": "",
		"/selfservice/flows/login/after/default_browser_return_url":   "",
		"/selfservice/flows/verification/after/hooks/0/config/method": "Authentication > Actions & Webhooks",
	} {
		require.Equal(t, want, p.Setting(pointer), pointer)
	}
	p.Config["selfservice"].(map[string]any)["methods"].(map[string]any)["webauthn"].(map[string]any)["config"].(map[string]any)["passwordless"] = true
	require.Equal(t, "Authentication > Passwordless login", p.Setting("/selfservice/methods/webauthn/enabled"))
}
