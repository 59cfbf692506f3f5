package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
)

const (
	somebody       = "11111111-1111-4111-8111-111111111111"
	handle         = "sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj"
	unitKeys       = "hooks:hooks-key\nresolve:resolve-key\nresolve:resolve-key-2\nread:read-key\nadmin:admin-key\n"
	refusal        = `{"messages":[{"instance_ptr":"#/","messages":[{"id":4770001,"text":"Please sign up with a code sent to your email address first. You can add a passkey right after that.","type":"error"}]}]}`
	addressRefusal = `{"messages":[{"instance_ptr":"#/","messages":[{"id":4770002,"text":"Your email address cannot be changed here. Please ask us to change it.","type":"error"}]}]}`
	listOfOne      = `[{"id":"` + somebody + `","schema_id":"d","schema_url":"u","traits":{},"credentials":{"passkey":{"identifiers":["` + handle + `"]}}}]`
)

// fakekratos has one identity with one passkey.
func fakekratos(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/admin/identities":
			if id := r.URL.Query().Get("ids"); id != "" && id != somebody {
				_, _ = fmt.Fprint(w, "[]")
				return
			}
			_, _ = fmt.Fprint(w, listOfOne)
		case "/admin/identities/" + somebody:
			_, _ = fmt.Fprint(w, strings.Replace(listOfOne[1:len(listOfOne)-1], `"]}`, `"],"config":{"credentials":[{"id":"AQE="}]}}`, 1))
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"error":{"code":404,"status":"Not Found","message":"Unable to locate the resource"}}`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// serve runs a sidecar until the test ends.
func serve(t *testing.T, change func(*server.Options)) *server.Server {
	t.Helper()
	o := server.Options{
		KratosAdminURL: fakekratos(t),
		DataDir:        t.TempDir(),
		Listen:         "127.0.0.1:0",
		MetricsListen:  "127.0.0.1:0",
		Log:            slog.New(slog.DiscardHandler),
		CheckEvery:     10 * time.Millisecond,
	}
	keys, err := api.ReadKeys(strings.NewReader(unitKeys), "keys")
	require.NoError(t, err)
	o.Keys = keys
	if change != nil {
		change(&o)
	}
	s, err := server.New(t.Context(), o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return s
}

// call returns the status, the header and the body.
func call(t *testing.T, method, url, key, body string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, resp.Header, strings.TrimSpace(string(raw))
}

// built waits until the index is complete.
func built(t *testing.T, s *server.Server) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		status, _, body := call(t, http.MethodPost, s.URL()+"/v1/resolve", "resolve-key", `{"user_handle":"nobody"}`)
		if status == http.StatusNotFound {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("index is not complete after 20 s: %d %s", status, body)
		}
	}
}

func TestAPI(t *testing.T) {
	s := serve(t, nil)
	built(t, s)
	problem := problemText
	unauthorized := problem(401, "unauthorized", "missing or unknown API key", "send one key, either as Authorization: Bearer KEY or as X-Api-Key: KEY")
	for _, tc := range []struct {
		name, path, key, body string
		status                int
		want                  string
	}{
		{"no key", "/v1/resolve", "", `{"user_handle":"` + handle + `"}`, 401, unauthorized},
		{"wrong key", "/v1/resolve", "nope", `{"user_handle":"` + handle + `"}`, 401, unauthorized},
		{"hook without a key", "/v1/hooks/kratos/login", "", `{"identity_id":"` + somebody + `"}`, 401, unauthorized},
		{
			"another scope's key", "/v1/resolve", "hooks-key", `{"user_handle":"` + handle + `"}`, 403,
			problem(403, "forbidden", "insufficient scope", `this API key lacks the scope "resolve"`),
		},
		{
			"unknown handle", "/v1/resolve", "resolve-key", `{"user_handle":"nobody"}`, 404,
			problem(404, "unknown-handle", "unknown user handle", "no identity is known to have this user handle"),
		},
		{
			"65 bytes", "/v1/resolve", "resolve-key", `{"user_handle":"` + strings.Repeat("x", 65) + `"}`, 400,
			problem(400, "invalid-handle", "invalid user handle", "the user handle has 65 bytes; WebAuthn allows 1 to 64"),
		},
		{
			"no handle", "/v1/resolve", "resolve-key", `{}`, 400,
			problem(400, "invalid-handle", "invalid user handle", "the user handle is empty; WebAuthn allows 1 to 64 bytes"),
		},
		{
			"a credential id that is none", "/v1/resolve", "resolve-key", `{"user_handle":"` + handle + `","credential_id":"!"}`, 400,
			problem(400, "bad-request", "invalid request", `"credential_id": the credential id is neither base64url nor base64`),
		},
		{
			"no json", "/v1/resolve", "resolve-key", `user_handle=x`, 400,
			problem(400, "bad-request", "invalid request", "invalid body: syntax error at byte 1"),
		},
		{
			"half a json", "/v1/resolve", "resolve-key", `{"user_handle":`, 400,
			problem(400, "bad-request", "invalid request", "invalid body: unexpected end of JSON"),
		},
		{
			"another type", "/v1/resolve", "resolve-key", `{"user_handle":7}`, 400,
			problem(400, "bad-request", "invalid request", `invalid body: "user_handle" must be a string`),
		},
		{
			"another type than yes or no", "/v1/resolve", "resolve-key", `{"user_handle":"x","confirm":"no"}`, 400,
			problem(400, "bad-request", "invalid request", `invalid body: "confirm" must be a boolean`),
		},
		{
			"no object", "/v1/resolve", "resolve-key", `["x"]`, 400,
			problem(400, "bad-request", "invalid request", "invalid body: must be an object"),
		},
		{
			"no list", "/v1/resolve/batch", "resolve-key", `{"queries":{}}`, 400,
			problem(400, "bad-request", "invalid request", `invalid body: "queries" must be an array`),
		},
		{
			"a list of texts", "/v1/resolve/batch", "resolve-key", `{"queries":["x"]}`, 400,
			problem(400, "bad-request", "invalid request", `invalid body: every element of "queries" must be an object`),
		},
		{
			"two objects", "/v1/resolve", "resolve-key", `{"user_handle":"x"}{}`, 400,
			problem(400, "bad-request", "invalid request", "invalid body: unexpected data after the JSON object"),
		},
		{
			"a large body", "/v1/resolve", "resolve-key", `{"user_handle":"` + strings.Repeat("x", 1<<17) + `"}`, 413,
			problem(413, "too-large", "request body too large", "the limit is 65536 bytes"),
		},
		{
			"a small object in a large body", "/v1/resolve", "resolve-key", `{"user_handle":"x"}` + strings.Repeat(" ", 1<<16), 413,
			problem(413, "too-large", "request body too large", "the limit is 65536 bytes"),
		},
		{
			"hook of a parse hook", "/v1/hooks/kratos/registration", "hooks-key", `{"identity_id":"00000000-0000-0000-0000-000000000000"}`, 400,
			problem(400, "bad-request", "invalid request", `"identity_id" is the nil UUID, which Kratos sends before it saves an identity; use response.ignore: true in the hook, not response.parse`),
		},
		{
			"hook without an id", "/v1/hooks/kratos/settings", "hooks-key", `{"identity":{}}`, 400,
			problem(400, "bad-request", "invalid request", `"identity_id" is not a UUID; the hook's body must be {identity_id: ctx.identity.id, flow_id: ctx.flow.id}`),
		},
		{
			"hook with an id in braces", "/v1/hooks/kratos/settings", "hooks-key", `{"identity_id":"{` + somebody + `}"}`, 400,
			problem(400, "bad-request", "invalid request", `"identity_id" is not a UUID; the hook's body must be {identity_id: ctx.identity.id, flow_id: ctx.flow.id}`),
		},
		{"registration hook", "/v1/hooks/kratos/registration", "hooks-key", `{"identity_id":"` + somebody + `","flow_id":"x"}`, 204, ""},
		{"login hook", "/v1/hooks/kratos/login", "hooks-key", `{"identity_id":"` + somebody + `"}`, 204, ""},
		{"settings hook", "/v1/hooks/kratos/settings", "hooks-key", `{"identity_id":"` + somebody + `"}`, 204, ""},
		{"refusal hook", "/v1/hooks/kratos/refuse-passkey-signup", "hooks-key", `{}`, 403, refusal},
		{"refusal hook of an address", "/v1/hooks/kratos/refuse-address-change", "hooks-key", `{}`, 403, addressRefusal},
		{"a hook's key for a refusal", "/v1/hooks/kratos/refuse-address-change", "", `{}`, 401, unauthorized},
		{
			"unknown credential without an id", "/v1/signals/unknown-credential", "resolve-key", `{"user_handle":"` + handle + `"}`, 400,
			problem(400, "bad-request", "invalid request", `"credential_id": the credential id has 0 bytes; WebAuthn allows 1 to 1023`),
		},
		{
			"unknown credential without a handle", "/v1/signals/unknown-credential", "resolve-key", `{"credential_id":"AQE"}`, 400,
			problem(400, "invalid-handle", "invalid user handle", "the user handle is empty; WebAuthn allows 1 to 64 bytes"),
		},
		{"held credential", "/v1/signals/unknown-credential", "resolve-key", `{"user_handle":"` + handle + `","credential_id":"AQE"}`, 200, `{"unknown_credential":null,"doubt":"held"}`},
		{
			"credential that may be new", "/v1/signals/unknown-credential", "resolve-key", `{"user_handle":"` + strings.Repeat("x", 64) + `","credential_id":"AQI"}`, 200,
			`{"unknown_credential":null,"doubt":"not-swept-since"}`,
		},
		{
			"nothing there", "/v2/resolve", "resolve-key", `{}`, 404,
			problem(404, "not-found", "not found", "GET /openapi.json lists the routes"),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, header, body := call(t, http.MethodPost, s.URL()+tc.path, tc.key, tc.body)
			require.Equal(t, tc.status, status, body)
			if tc.path != "/v2/resolve" {
				conforms(t, http.MethodPost, tc.path, status, header.Get("Content-Type"), body)
			}
			if tc.want == "" {
				return
			}
			require.JSONEq(t, tc.want, body)
			require.Equal(t, "no-store", header.Get("Cache-Control"))
			if tc.status != http.StatusOK && !strings.HasPrefix(tc.name, "refusal hook") {
				require.Equal(t, "application/problem+json", header.Get("Content-Type"))
			}
			require.Equal(t, status == 401, header.Get("WWW-Authenticate") != "")
		})
	}
}

func TestResolve(t *testing.T) {
	s := serve(t, nil)
	built(t, s)
	for _, key := range []string{"resolve-key", "resolve-key-2"} {
		status, header, body := call(t, http.MethodPost, s.URL()+"/v1/resolve", key, `{"user_handle":"`+handle+`","credential_id":null,"later":1}`)
		require.Equal(t, http.StatusOK, status, body)
		require.Equal(t, "application/json", header.Get("Content-Type"))
		var answer map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &answer))
		at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(answer["confirmed_at"]))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), at, time.Minute)
		delete(answer, "confirmed_at")
		require.Equal(t, map[string]any{
			"identity_id": somebody, "credential": "passkey", "state": "active", "credential_matches": nil, "source": "index",
		}, answer)
	}
}

func TestMethods(t *testing.T) {
	s := serve(t, nil)
	for _, tc := range []struct{ method, path, allow string }{
		{http.MethodGet, "/v1/resolve", "POST"},
		{http.MethodPost, "/v1/index", "GET, HEAD"},
		{http.MethodGet, "/v1/identities/" + somebody, "DELETE"},
	} {
		status, header, body := call(t, tc.method, s.URL()+tc.path, "resolve-key", "")
		require.Equal(t, http.StatusMethodNotAllowed, status)
		require.Equal(t, tc.allow, header.Get("Allow"))
		require.JSONEq(t, problemText(405, "method-not-allowed", "method not allowed", "use "+tc.allow), body)
	}
	status, _, _ := call(t, http.MethodHead, s.URL()+"/v1/index", "read-key", "")
	require.Equal(t, http.StatusOK, status)
}

// TestRepeatedHook: retries of one event count once. Hooks of another event, of another
// identity or without an event count separately.
func TestRepeatedHook(t *testing.T) {
	var gets atomic.Int64
	kratos := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/admin/identities" {
			_, _ = fmt.Fprint(w, "[]")
			return
		}
		gets.Add(1)
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"error":{"code":404,"status":"Not Found","message":"Unable to locate the resource"}}`)
	}))
	t.Cleanup(kratos.Close)
	s := serve(t, func(o *server.Options) { o.KratosAdminURL = kratos.URL })
	built(t, s)
	const first, second, other = "6b0c3d4e-9a8b-4c5d-8e7f-102938475601", "6b0c3d4e-9a8b-4c5d-8e7f-102938475602", "22222222-2222-4222-8222-222222222222"
	want := int64(0)
	for _, tc := range []struct {
		trigger, flow, identity string
		repeated                bool
	}{
		{first, "login", somebody, false},
		{first, "login", somebody, true},
		{strings.ToUpper(first), "login", somebody, true},
		{second, "login", somebody, false},
		{first, "login", other, false},
		{first, "login", somebody, true},
		{"", "login", somebody, false},
		{"", "login", somebody, false},
		{"no uuid", "login", somebody, false},
	} {
		req, err := http.NewRequest(http.MethodPost, s.URL()+"/v1/hooks/kratos/"+tc.flow, strings.NewReader(`{"identity_id":"`+tc.identity+`"}`))
		require.NoError(t, err)
		req.Header.Set("X-Api-Key", "hooks-key")
		req.Header.Set("Ory-Webhook-Trigger-Id", tc.trigger)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusNoContent, resp.StatusCode)
		if !tc.repeated {
			want++
		}
		awaitHooks(t, s)
		require.Equal(t, want, gets.Load(), "%+v", tc)
	}
}

// awaitHooks waits until no hook waits for its pull.
func awaitHooks(t *testing.T, s *server.Server) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		_, _, body := call(t, http.MethodGet, s.URL()+"/v1/index", "read-key", "")
		if strings.Contains(body, `"hooks_waiting":0,`) {
			return
		}
		require.True(t, time.Now().Before(deadline), body)
	}
}

// TestKratosDown: hooks are taken, the server is ready, a miss is 503.
func TestKratosDown(t *testing.T) {
	s := serve(t, func(o *server.Options) { o.KratosAdminURL = "http://127.0.0.1:1" })
	status, header, body := call(t, http.MethodPost, s.URL()+"/v1/resolve", "resolve-key", `{"user_handle":"`+handle+`"}`)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "1", header.Get("Retry-After"))
	require.JSONEq(t, `{"type":"https://github.com/olympusoss/oly-passkey/blob/main/docs/problems.md#index-building","title":"the index is being built","status":503,"detail":"the index is still being built and does not contain this user handle yet"}`, body)
	status, header, body = call(t, http.MethodPost, s.URL()+"/v1/resolve", "resolve-key", `{"user_handle":"`+somebody+`"}`)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "1", header.Get("Retry-After"))
	require.JSONEq(t, `{"type":"https://github.com/olympusoss/oly-passkey/blob/main/docs/problems.md#kratos-unavailable","title":"Kratos is unreachable","status":503,"detail":"this answer requires Kratos, which is unreachable"}`, body)
	status, _, _ = call(t, http.MethodPost, s.URL()+"/v1/hooks/kratos/login", "hooks-key", `{"identity_id":"`+somebody+`"}`)
	require.Equal(t, http.StatusNoContent, status)
	for _, probe := range []string{"/livez", "/readyz"} {
		status, _, body = call(t, http.MethodGet, s.MetricsURL()+probe, "", "")
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "ok", body)
	}
	status, _, _ = call(t, http.MethodPost, s.MetricsURL()+"/v1/resolve", "resolve-key", "{}")
	require.Equal(t, http.StatusNotFound, status, "the api does not answer where probes do")
}

func TestDevAsksForNoKey(t *testing.T) {
	s := serve(t, func(o *server.Options) { o.Dev, o.Keys = true, nil })
	built(t, s)
	status, _, body := call(t, http.MethodPost, s.URL()+"/v1/resolve", "", `{"user_handle":"`+handle+`"}`)
	require.Equal(t, http.StatusOK, status, body)
}

func TestRefusesToStart(t *testing.T) {
	keys, err := api.ReadKeys(strings.NewReader(unitKeys), "keys")
	require.NoError(t, err)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, busy.Close()) }()
	for _, tc := range []struct {
		name   string
		change func(*server.Options)
		want   string
	}{
		{"no keys", func(o *server.Options) { o.Keys = nil }, "refusing to start without API keys: set --api-key-file, or use --dev on a loopback address"},
		{
			"dev off loopback", func(o *server.Options) { o.Dev, o.Listen = true, "0.0.0.0:0" },
			`refusing to start: --dev requires no API key, so --listen "0.0.0.0:0" must be a loopback address such as 127.0.0.1:4477`,
		},
		{
			"dev everywhere", func(o *server.Options) { o.Dev, o.Listen = true, ":0" },
			`refusing to start: --dev requires no API key, so --listen ":0" must be a loopback address such as 127.0.0.1:4477`,
		},
		{
			"clear text off loopback", func(o *server.Options) { o.Listen = "0.0.0.0:0" },
			`refusing to start: --listen "0.0.0.0:0" would send keys and handles in plain text; set --tls-cert-file, or --insecure-http on a trusted network`,
		},
		{"no port", func(o *server.Options) { o.Listen = "localhost" }, `--listen "localhost" is not HOST:PORT: address localhost: missing port in address`},
		{
			"busy port", func(o *server.Options) { o.Listen = busy.Addr().String() },
			fmt.Sprintf(`--listen %[1]q: listen tcp %[1]s: bind: address already in use`, busy.Addr()),
		},
		{
			"busy metrics port", func(o *server.Options) { o.MetricsListen = busy.Addr().String() },
			fmt.Sprintf(`--metrics-listen %[1]q: listen tcp %[1]s: bind: address already in use`, busy.Addr()),
		},
		{"no kratos", func(o *server.Options) { o.KratosAdminURL = "kratos:4434" }, `invalid Kratos admin URL "kratos:4434": want something like "http://127.0.0.1:4434"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := server.Options{
				KratosAdminURL: "http://127.0.0.1:1", DataDir: t.TempDir(), Keys: keys,
				Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler),
			}
			tc.change(&o)
			_, err := server.New(t.Context(), o)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestInsecureHTTP(t *testing.T) {
	s := serve(t, func(o *server.Options) { o.Listen, o.InsecureHTTP = "0.0.0.0:0", true })
	require.NotEmpty(t, s.URL())
}

func TestSecondServerOnOneIndex(t *testing.T) {
	dir := t.TempDir()
	serve(t, func(o *server.Options) { o.DataDir = dir })
	keys, err := api.ReadKeys(strings.NewReader(unitKeys), "keys")
	require.NoError(t, err)
	_, err = server.New(t.Context(), server.Options{
		KratosAdminURL: "http://127.0.0.1:1", DataDir: dir, Keys: keys,
		Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler),
	})
	require.EqualError(t, err, fmt.Sprintf("open %q: the index is in use by another process", filepath.Join(dir, "index.db")))
}

// TestDrains lets a request that is under way finish.
func TestDrains(t *testing.T) {
	keys, err := api.ReadKeys(strings.NewReader(unitKeys), "keys")
	require.NoError(t, err)
	s, err := server.New(t.Context(), server.Options{
		KratosAdminURL: "http://127.0.0.1:1", DataDir: t.TempDir(), Keys: keys,
		Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()

	body, send := io.Pipe()
	req, err := http.NewRequest(http.MethodPost, s.URL()+"/v1/hooks/kratos/login", body)
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", "hooks-key")
	req.Header.Set("Expect", "100-continue") // the body goes out once the handler reads it
	var wg sync.WaitGroup
	wg.Go(func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusNoContent {
			t.Errorf("got %s", resp.Status)
		}
	})
	_, err = io.WriteString(send, `{"identity_id":`)
	require.NoError(t, err)
	cancel()
	_, err = io.WriteString(send, `"`+somebody+`"}`)
	require.NoError(t, err)
	require.NoError(t, send.Close())
	wg.Wait()
	require.NoError(t, <-done)
}
