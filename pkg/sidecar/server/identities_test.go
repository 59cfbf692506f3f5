package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
)

const (
	nobody = "99999999-9999-4999-8999-999999999999"
	// wholePerson has two passkeys, one of them older than the proof of the
	// address, a webauthn key, and a handle whose passkey was removed.
	wholePerson = `{"id":"` + somebody + `","schema_id":"d","schema_url":"u","traits":{},"created_at":"2026-11-20T00:00:00Z",
"verifiable_addresses":[{"value":"a@example.com","via":"email","status":"completed","verified":true,"verified_at":"2026-11-21T00:00:00Z"}],
"credentials":{
 "passkey":{"identifiers":["` + handle + `","removed-handle","zzz-handle"],"config":{"user_handle":"enp6LWhhbmRsZQ==","credentials":[
   {"id":"AQE=","added_at":"2026-11-20T00:00:00Z","display_name":"My phone","is_passwordless":true,"authenticator":{"aaguid":"6puNZk0BHSE85La0jLV11A=="},"flags":{"backup_eligible":true,"backup_state":true}},
   {"id":"AgI=","added_at":"2026-11-22T00:00:00Z","is_passwordless":true,"authenticator":{"aaguid":"AAAAAAAAAAAAAAAAAAAAAA=="},"flags":{"backup_eligible":false,"backup_state":false}}]}},
 "webauthn":{"identifiers":["a@example.com"],"config":{"user_handle":"ERERERERQRGBEREREREREQ==","credentials":[
   {"id":"AwM=","added_at":"2026-11-22T00:00:00Z","display_name":"Blue key","is_passwordless":true}]}}}}`
)

// wholeKratos is a Kratos with one identity; it responds with 404 to all others.
func wholeKratos(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/admin/identities":
			_, _ = fmt.Fprint(w, "[]")
		case "/admin/identities/" + somebody:
			_, _ = fmt.Fprint(w, wholePerson)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"error":{"code":404,"status":"Not Found","message":"Unable to locate the resource"}}`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestIdentities(t *testing.T) {
	s := serve(t, func(o *server.Options) { o.KratosAdminURL = wholeKratos(t) })
	built(t, s)
	for _, tc := range []struct {
		name, method, route, path, key string
		status                         int
		want                           string
	}{
		{"passkeys", "GET", "/v1/identities/{id}/passkeys", "/v1/identities/" + somebody + "/passkeys", "read-key", 200, `{"identity_id":"` + somebody + `","passkeys":[
  {"credential_id":"AQE","kind":"passkey","name":"My phone","provider":"Google Password Manager","discoverable":true,"synced":true,"created_at":"2026-11-20T00:00:00Z","last_used":null,"handle_state":"unknown"},
  {"credential_id":"AgI","kind":"passkey","name":"","provider":"","discoverable":true,"synced":false,"created_at":"2026-11-22T00:00:00Z","last_used":null,"handle_state":"unknown"},
  {"credential_id":"AwM","kind":"webauthn","name":"Blue key","provider":"","discoverable":null,"synced":null,"created_at":"2026-11-22T00:00:00Z","last_used":null,"handle_state":"active"}]}`},
		{"signals", "GET", "/v1/identities/{id}/signals", "/v1/identities/" + somebody + "/signals", "read-key", 200, `{"identity_id":"` + somebody + `","all_accepted_credentials":[
  {"userId":"c1k2Tk9kYTdXR1hUMkJzbDRtdU10NGc0WUJKekh0dEppMHdPcjdmOVFKVlVQbk9WRDZLN2o0ZXF6M3ZOQUZUag","allAcceptedCredentialIds":["AQE","AgI","AwM"]},
  {"userId":"cmVtb3ZlZC1oYW5kbGU","allAcceptedCredentialIds":["AQE","AgI","AwM"]},
  {"userId":"enp6LWhhbmRsZQ","allAcceptedCredentialIds":["AQE","AgI","AwM"]},
  {"userId":"ERERERERQRGBEREREREREQ","allAcceptedCredentialIds":["AQE","AgI","AwM"]}]}`},
		{
			"advice", "GET", "/v1/identities/{id}/advice", "/v1/identities/" + somebody + "/advice", "read-key", 200,
			`{"identity_id":"` + somebody + `","advice":"none","predating_address_proof":["AQE"]}`,
		},
		{
			"refresh", "POST", "/v1/identities/{id}/refresh", "/v1/identities/" + somebody + "/refresh", "read-key", 200,
			`{"identity_id":"` + somebody + `","exists":true,"changed":false}`,
		},
		{
			"refresh nobody", "POST", "/v1/identities/{id}/refresh", "/v1/identities/" + nobody + "/refresh", "read-key", 200,
			`{"identity_id":"` + nobody + `","exists":false,"changed":false}`,
		},
		{"nobody's passkeys", "GET", "/v1/identities/{id}/passkeys", "/v1/identities/" + nobody + "/passkeys", "read-key", 404, problemText(404, "unknown-identity", "unknown identity", "kratos has no identity with this ID")},
		{"nobody's signals", "GET", "/v1/identities/{id}/signals", "/v1/identities/" + nobody + "/signals", "read-key", 404, problemText(404, "unknown-identity", "unknown identity", "kratos has no identity with this ID")},
		{"somebody else's credential", "POST", "/v1/identities/{id}/used", "/v1/identities/" + somebody + "/used", "read-key", 404, problemText(404, "unknown-credential", "unknown credential", "this identity has no such credential in Kratos")},
		{"no id", "GET", "/v1/identities/{id}/advice", "/v1/identities/me/advice", "read-key", 400, problemText(400, "bad-request", "invalid request", "the identity ID in the path is not a UUID")},
		{"an id in braces", "DELETE", "/v1/identities/{id}", "/v1/identities/%7B" + nobody + "%7D", "admin-key", 400, problemText(400, "bad-request", "invalid request", "the identity ID in the path is not a UUID")},
		{"erase somebody", "DELETE", "/v1/identities/{id}", "/v1/identities/" + somebody, "admin-key", 409, problemText(409, "identity-exists", "the identity still exists", "kratos still has this identity")},
		{"erase nobody", "DELETE", "/v1/identities/{id}", "/v1/identities/" + nobody, "admin-key", 204, ""},
		{"erase with a read key", "DELETE", "/v1/identities/{id}", "/v1/identities/" + somebody, "read-key", 403, problemText(403, "forbidden", "insufficient scope", `this API key lacks the scope "admin"`)},
		{"reconcile", "POST", "/v1/index/reconcile", "/v1/index/reconcile?accept_deletions=5", "admin-key", 202, ""},
		{"reconcile with nonsense", "POST", "/v1/index/reconcile", "/v1/index/reconcile?accept_deletions=-1", "admin-key", 400, problemText(400, "bad-request", "invalid request", "accept_deletions must be a number of identities")},
		{"reconcile with half a number", "POST", "/v1/index/reconcile", "/v1/index/reconcile?accept_deletions=5x", "admin-key", 400, problemText(400, "bad-request", "invalid request", "accept_deletions must be a number of identities")},
		{"reconcile with nothing", "POST", "/v1/index/reconcile", "/v1/index/reconcile?accept_deletions=", "admin-key", 400, problemText(400, "bad-request", "invalid request", "accept_deletions must be a number of identities")},
		{"reconcile with a broken query", "POST", "/v1/index/reconcile", "/v1/index/reconcile?accept_deletions=5%zz", "admin-key", 400, problemText(400, "bad-request", "invalid request", "invalid query string")},
		{"reconcile with a semicolon", "POST", "/v1/index/reconcile", "/v1/index/reconcile?accept_deletions=5;x=1", "admin-key", 400, problemText(400, "bad-request", "invalid request", "invalid query string")},
		{"reconcile with another name", "POST", "/v1/index/reconcile", "/v1/index/reconcile?accept_deletion=5", "admin-key", 400, problemText(400, "bad-request", "invalid request", "the only query parameter is accept_deletions, at most once")},
		{"reconcile with two numbers", "POST", "/v1/index/reconcile", "/v1/index/reconcile?accept_deletions=5&accept_deletions=6", "admin-key", 400, problemText(400, "bad-request", "invalid request", "the only query parameter is accept_deletions, at most once")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, header, body := call(t, tc.method, s.URL()+tc.path, tc.key, `{"credential_id":"CQk"}`)
			require.Equal(t, tc.status, status, body)
			conforms(t, tc.method, tc.route, status, header.Get("Content-Type"), body)
			if tc.want != "" {
				require.JSONEq(t, tc.want, body)
			}
		})
	}
	// What was pulled on the way resolves.
	status, _, body := call(t, http.MethodPost, s.URL()+"/v1/resolve", "resolve-key", `{"user_handle":"`+handle+`","credential_id":"AQE"}`)
	require.Equal(t, http.StatusOK, status, body)
}

// TestUsed reports a sign-in, also with a credential that was not pulled before.
func TestUsed(t *testing.T) {
	s := serve(t, func(o *server.Options) { o.KratosAdminURL = wholeKratos(t) })
	built(t, s)
	from := time.Now().Truncate(time.Microsecond)
	status, header, body := call(t, http.MethodPost, s.URL()+"/v1/identities/"+somebody+"/used", "read-key", `{"credential_id":"AgI="}`)
	require.Equal(t, http.StatusNoContent, status, body)
	conforms(t, "POST", "/v1/identities/{id}/used", status, header.Get("Content-Type"), body)
	_, _, body = call(t, http.MethodGet, s.URL()+"/v1/identities/"+somebody+"/passkeys", "read-key", "")
	var got struct {
		Passkeys []struct {
			ID       string     `json:"credential_id"`
			LastUsed *time.Time `json:"last_used"`
		} `json:"passkeys"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	require.Len(t, got.Passkeys, 3)
	for _, p := range got.Passkeys {
		require.Equal(t, p.ID == "AgI", p.LastUsed != nil, p.ID)
	}
	require.False(t, got.Passkeys[1].LastUsed.Before(from))
	status, _, _ = call(t, http.MethodPost, s.URL()+"/v1/identities/"+somebody+"/used", "read-key", `{"credential_id":"!"}`)
	require.Equal(t, http.StatusBadRequest, status)
}

func problemText(status int, name, title, detail string) string {
	raw, _ := json.Marshal(map[string]any{ // strings and a number
		"type":  "https://github.com/olympusoss/oly-passkey/blob/main/docs/problems.md#" + name,
		"title": title, "status": status, "detail": detail,
	})
	return string(raw)
}

func TestIdentitiesWithoutKratos(t *testing.T) {
	s := serve(t, func(o *server.Options) { o.KratosAdminURL = "http://127.0.0.1:1" })
	want := problemText(503, "kratos-unavailable", "Kratos is unreachable", "this answer requires Kratos, which is unreachable")
	for _, path := range []string{"passkeys", "signals", "advice"} {
		status, header, body := call(t, http.MethodGet, s.URL()+"/v1/identities/"+somebody+"/"+path, "read-key", "")
		require.JSONEq(t, want, body)
		conforms(t, "GET", "/v1/identities/{id}/"+path, status, header.Get("Content-Type"), body)
	}
	status, header, body := call(t, http.MethodDelete, s.URL()+"/v1/identities/"+somebody, "admin-key", "")
	require.JSONEq(t, want, body, "nothing is erased that kratos was not asked about")
	conforms(t, "DELETE", "/v1/identities/{id}", status, header.Get("Content-Type"), body)
}

func TestIndexStatus(t *testing.T) {
	s := serve(t, nil)
	built(t, s)
	status, header, body := call(t, http.MethodGet, s.URL()+"/v1/index", "read-key", "")
	require.Equal(t, http.StatusOK, status)
	conforms(t, "GET", "/v1/index", status, header.Get("Content-Type"), body)
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	for _, moving := range []string{"built_at", "sweep_started_at", "sweep_ended_at"} {
		at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(got[moving]))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), at, time.Minute)
		delete(got, moving)
	}
	require.Equal(t, map[string]any{
		"complete": true, "missing": 0.0, "unread": 0.0, "reading": false, "read": 1.0, "identities": 1.0, "deleted": 0.0,
		"handles":       map[string]any{"active": 1.0, "orphaned": 0.0, "removed": 0.0, "unknown": 0.0},
		"hooks_waiting": 0.0, "oldest_hook_seconds": 0.0, "pulls_waiting": 0.0,
	}, got)
}

func TestBatch(t *testing.T) {
	s := serve(t, nil)
	built(t, s)
	batch := func(body string) (int, string) {
		status, header, answer := call(t, http.MethodPost, s.URL()+"/v1/resolve/batch", "resolve-key", body)
		conforms(t, "POST", "/v1/resolve/batch", status, header.Get("Content-Type"), answer)
		return status, answer
	}
	status, body := batch(`{"queries":[{"user_handle":"nobody"},{"user_handle":"` + handle + `"},{"user_handle":""}]}`)
	require.Equal(t, http.StatusOK, status)
	var got struct {
		Results []struct {
			Answer *struct {
				ID string `json:"identity_id"`
			} `json:"answer"`
			Problem *struct {
				Status int `json:"status"`
			} `json:"problem"`
		} `json:"results"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	require.Len(t, got.Results, 3)
	require.Equal(t, 404, got.Results[0].Problem.Status)
	require.Equal(t, somebody, got.Results[1].Answer.ID)
	require.Equal(t, 400, got.Results[2].Problem.Status)

	many := strings.Repeat(`{"user_handle":"x"},`, 1000)
	status, _ = batch(`{"queries":[` + strings.TrimSuffix(many, ",") + `]}`)
	require.Equal(t, http.StatusOK, status)
	status, body = batch(`{"queries":[` + many + `{}]}`)
	require.Equal(t, http.StatusBadRequest, status)
	require.JSONEq(t, problemText(400, "bad-request", "invalid request", `"queries" has 1001 elements; 1 to 1000 are allowed`), body)
	status, _ = batch(`{}`)
	require.Equal(t, http.StatusBadRequest, status)
}

// TestLimit: more handles than allowed are rejected, while hooks still work.
func TestLimit(t *testing.T) {
	s := serve(t, func(o *server.Options) { o.MaxHandles = 1e-6 })
	ask := func(key string, n int) (int, http.Header, string) {
		many := strings.TrimSuffix(strings.Repeat(`{"user_handle":"x"},`, n), ",")
		status, header, body := call(t, http.MethodPost, s.URL()+"/v1/resolve/batch", key, `{"queries":[`+many+`]}`)
		conforms(t, "POST", "/v1/resolve/batch", status, header.Get("Content-Type"), body)
		return status, header, body
	}
	status, _, _ := ask("resolve-key", 1000)
	require.Equal(t, http.StatusOK, status)
	status, header, body := ask("resolve-key", 1)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, "86400", header.Get("Retry-After"), "eleven days, a day at most")
	require.JSONEq(t, problemText(429, "too-many-handles", "rate limit exceeded", "too many user handles requested; retry later"), body)
	status, _, _ = ask("resolve-key-2", 1)
	require.Equal(t, http.StatusOK, status, "another client")
	for range 20 {
		status, _, _ = call(t, http.MethodPost, s.URL()+"/v1/hooks/kratos/login", "hooks-key", `{"identity_id":"`+somebody+`"}`)
		require.Equal(t, http.StatusNoContent, status)
	}
}

func TestPlainText(t *testing.T) {
	s := serve(t, nil)
	built(t, s)
	for accept, text := range map[string]bool{
		"text/plain":                           true,
		"Text/Plain":                           true,
		"text/plain; q=1":                      true,
		"text/plain, application/json;q=0.5":   true,
		" text/plain;q=0.9,*/*":                true,
		"":                                     false,
		"*/*":                                  false,
		"text/*":                               false,
		"text/plainer":                         false,
		"application/json, text/plain":         false,
		"application/json;q=0.1, text/plain;x": false,
	} {
		req, err := http.NewRequest(http.MethodPost, s.URL()+"/v1/resolve", strings.NewReader(`{"user_handle":"`+handle+`"}`))
		require.NoError(t, err)
		req.Header.Set("X-Api-Key", "resolve-key")
		req.Header.Set("Accept", accept)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		if text {
			require.Equal(t, "text/plain; charset=utf-8", resp.Header.Get("Content-Type"), accept)
			require.Equal(t, somebody+"\n", string(body), accept)
			continue
		}
		require.Equal(t, "application/json", resp.Header.Get("Content-Type"), accept)
	}
}

func TestOpenAPINeedsNoKey(t *testing.T) {
	s := serve(t, nil)
	status, header, body := call(t, http.MethodGet, s.URL()+"/openapi.json", "", "")
	require.Equal(t, http.StatusOK, status)
	conforms(t, "GET", "/openapi.json", status, header.Get("Content-Type"), body)
}

func TestMetrics(t *testing.T) {
	s := serve(t, func(o *server.Options) { o.Name = "one" })
	built(t, s)
	status, _, _ := call(t, http.MethodPost, s.URL()+"/v1/resolve", "resolve-key", `{"user_handle":"`+handle+`"}`)
	require.Equal(t, http.StatusOK, status)
	status, _, _ = call(t, http.MethodPost, s.URL()+"/v1/hooks/kratos/login", "hooks-key", `{"identity_id":"`+somebody+`"}`)
	require.Equal(t, http.StatusNoContent, status)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		status, _, body := call(t, http.MethodGet, s.MetricsURL()+"/metrics", "", "")
		require.Equal(t, http.StatusOK, status)
		missing := ""
		for _, line := range []string{
			`oly_passkey_resolve_answers_total{answer="active",name="one"} 1`,
			`oly_passkey_requests_total{code="204",name="one",path="/v1/hooks/kratos/login"} 1`,
			`oly_passkey_index_identities{deleted="false",name="one"} 1`,
			`oly_passkey_index_handles{name="one",state="active"} 1`,
			`oly_passkey_index_complete{name="one"} 1`,
			`oly_passkey_unread_identities{name="one"} 0`,
			`oly_passkey_hook_lag_seconds_count{name="one"} 1`,
			`oly_passkey_pulls_waiting{asked_by="hook",name="one"} 0`,
		} {
			if !strings.Contains(body, line+"\n") {
				missing = line
			}
		}
		if missing == "" {
			require.NotContains(t, body, handle)
			require.NotContains(t, body, "resolve-key")
			return
		}
		require.False(t, time.Now().After(deadline), "metrics lack %s:\n%s", missing, body)
	}
}

// TestKeysAreReadAgain rotates a key while the server runs.
func TestKeysAreReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sidecar.key")
	write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
	write("resolve:old-key\n")
	s := serve(t, func(o *server.Options) { o.Keys, o.KeyFile = nil, path })
	status := func(key string) int {
		code, _, _ := call(t, http.MethodPost, s.URL()+"/v1/resolve", key, `{"user_handle":"`+handle+`"}`)
		return code
	}
	becomes := func(key string, taken bool) {
		for deadline := time.Now().Add(20 * time.Second); (status(key) != http.StatusUnauthorized) != taken; time.Sleep(20 * time.Millisecond) {
			require.False(t, time.Now().After(deadline), "key is not taken: %v", taken)
		}
	}
	becomes("old-key", true)
	write("resolve:old-key\nresolve:new-key\n")
	becomes("new-key", true)
	require.NotEqual(t, http.StatusUnauthorized, status("old-key"))
	write("this is no key file")
	write("resolve:new-key\n")
	becomes("old-key", false)
	require.NotEqual(t, http.StatusUnauthorized, status("new-key"))
}
