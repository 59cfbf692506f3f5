package ui_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/templates/ui"
)

// fakesidecar records requests and responds as openapi.json specifies.
type fakesidecar struct {
	status  int
	problem string // the name of the problem that it returns
	asked   []string
}

func (f *fakesidecar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.asked = append(f.asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization")+" "+string(body))
	w.WriteHeader(f.status)
	if f.problem != "" {
		_, _ = io.WriteString(w, `{"type":"https://github.com/olympusoss/oly-passkey/blob/main/docs/problems.md#`+f.problem+`"}`)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"identity_id": "i", "state": "active", "credential_matches": true,
		"passkeys":                 []any{map[string]any{"credential_id": "aWQ", "provider": "A", "synced": false}},
		"all_accepted_credentials": []any{map[string]any{"userId": "dQ", "allAcceptedCredentialIds": []string{"aWQ"}}},
		"advice":                   "re-enroll", "predating_address_proof": []string{"aWQ"},
	})
}

func TestSidecar(t *testing.T) {
	fake := &fakesidecar{status: http.StatusOK}
	server := httptest.NewServer(fake)
	defer server.Close()
	s, err := ui.NewSidecar(server.URL+"/", "resolve-key", "read-key")
	require.NoError(t, err)
	var directory ui.Directory = s
	yes, no := true, false

	answer, err := directory.Resolve(t.Context(), "dQ", "aWQ")
	require.NoError(t, err)
	require.Equal(t, ui.Answer{IdentityID: "i", State: "active", CredentialMatches: &yes}, answer)
	handles, err := directory.Handles(t.Context(), "i")
	require.NoError(t, err)
	require.Equal(t, []ui.Handle{{Value: "dQ"}}, handles)
	passkeys, err := directory.Passkeys(t.Context(), "i/../j")
	require.NoError(t, err)
	require.Equal(t, []ui.Passkey{{CredentialID: "aWQ", Provider: "A", Synced: &no}}, passkeys)
	signals, err := directory.Signals(t.Context(), "i")
	require.NoError(t, err)
	require.Equal(t, []ui.Signal{{UserID: "dQ", AllAcceptedCredentialIDs: []string{"aWQ"}}}, signals)
	advice, err := directory.Advice(t.Context(), "i")
	require.NoError(t, err)
	require.Equal(t, ui.Advice{Propose: "re-enroll", Predating: []string{"aWQ"}}, advice)
	require.Equal(t, []string{
		`POST /v1/resolve Bearer resolve-key {"allow_removed":true,"credential_id":"aWQ","user_handle":"dQ"}`,
		"GET /v1/identities/i/signals Bearer read-key ",
		"GET /v1/identities/i/../j/passkeys Bearer read-key ",
		"GET /v1/identities/i/signals Bearer read-key ",
		"GET /v1/identities/i/advice Bearer read-key ",
	}, fake.asked)

	fake.status, fake.problem = http.StatusNotFound, "unknown-handle"
	answer, err = directory.Resolve(t.Context(), "dQ", "")
	require.NoError(t, err)
	require.Empty(t, answer)
	for _, fake.problem = range []string{"not-found", ""} {
		_, err = directory.Resolve(t.Context(), "dQ", "")
		require.EqualError(t, err, "the sidecar responded with 404 Not Found")
	}
	fake.status = http.StatusUnauthorized
	_, err = directory.Advice(t.Context(), "i")
	require.EqualError(t, err, "the sidecar responded with 401 Unauthorized")

	_, err = ui.NewSidecar("127.0.0.1:4477", "", "")
	require.EqualError(t, err, `invalid sidecar url "127.0.0.1:4477": use an http or https URL`)
}
