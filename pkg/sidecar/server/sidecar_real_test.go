//go:build realkratos

package server_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/client"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
)

const testKeys = "hooks:hooks-key\nresolve:resolve-key\nread:read-key\nadmin:admin-key\n"

// running is a sidecar in this process.
type running struct {
	*server.Server
	client *client.Client
	stop   func() error
}

func startSidecar(t *testing.T, adminURL, dir, listen string) *running {
	t.Helper()
	keys, err := api.ReadKeys(strings.NewReader(testKeys), "keys")
	require.NoError(t, err)
	log := &lockedBuffer{}
	s, err := server.New(t.Context(), server.Options{
		KratosAdminURL: adminURL,
		DataDir:        dir,
		Keys:           keys,
		Listen:         listen,
		MetricsListen:  "127.0.0.1:0",
		Log:            slog.New(slog.NewTextHandler(log, nil)),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop := sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		require.NoError(t, stop())
		if t.Failed() {
			t.Logf("sidecar:\n%s", log)
		}
	})
	c, err := client.New(client.Options{URL: s.URL(), Key: "resolve-key", Tries: 1})
	require.NoError(t, err)
	return &running{Server: s, client: c, stop: stop}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// answer is the relevant part of a response, as one comparable value, or the error.
type answer struct {
	id, credential, state, matches string
	err                            error
}

func ask(t *testing.T, s *running, q client.Query) answer {
	t.Helper()
	a, err := s.client.Resolve(t.Context(), q)
	for _, known := range []error{client.ErrUnknown, client.ErrRemoved, client.ErrAmbiguous, client.ErrNotReady} {
		if errors.Is(err, known) {
			return answer{err: known}
		}
	}
	require.NoError(t, err)
	matches := "null"
	if a.CredentialMatches != nil {
		matches = map[bool]string{true: "true", false: "false"}[*a.CredentialMatches]
	}
	return answer{id: a.IdentityID, credential: a.Credential, state: a.State, matches: matches}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// about returns the query for a key's handle and credential id.
func about(k key) client.Query {
	return client.Query{UserHandle: b64(k.handle), CredentialID: b64(k.credential.ID)}
}

// becomes polls until the answer is the wanted one: a hook comes after Kratos'
// answer to the user.
func becomes(t *testing.T, s *running, q client.Query, want answer) {
	t.Helper()
	var got answer
	defer func() {
		if t.Failed() {
			t.Logf("want %+v, got %+v", want, got)
		}
	}()
	eventually(t, "the answer is the wanted one", func() bool {
		got = ask(t, s, q)
		return got == want
	})
}

// withHooks starts a sidecar and a Kratos whose hooks reach it.
func withHooks(t *testing.T) (*running, *realKratos) {
	t.Helper()
	ports := kratostest.FreePorts(t, 2)
	s := startSidecar(t, "http://127.0.0.1:"+ports[1], t.TempDir(), "127.0.0.1:0")
	var hooks [3]string
	for i, flow := range []string{"registration", "login", "settings"} {
		hooks[i] = hookTo(s.URL(), "/v1/hooks/kratos/"+flow, "hooks-key")
	}
	return s, startKratos(t, ports, hooks)
}

func TestRealPasskeys(t *testing.T) {
	s, k := withHooks(t)
	p := newPerson(t, k, "anna")
	first := p.signUp("passkey")
	require.Len(t, first.handle, 64)
	becomes(t, s, about(first), answer{id: p.id, credential: "passkey", state: "active", matches: "true"})
	require.Equal(t, p.id, ask(t, s, client.Query{UserHandle: string(first.handle)}).id, "the raw characters")

	second := p.add("passkey")
	becomes(t, s, about(second), answer{id: p.id, credential: "passkey", state: "active", matches: "true"})
	require.Equal(t, answer{id: p.id, credential: "passkey", state: "active", matches: "true"}, ask(t, s, about(first)))
	mixed := client.Query{UserHandle: b64(first.handle), CredentialID: b64(second.credential.ID)}
	require.Equal(t, "false", ask(t, s, mixed).matches, "another passkey's credential id")

	status, raw := p.signIn(first)
	require.Equal(t, http.StatusOK, status, "%s", raw)

	p.remove("passkey", second)
	becomes(t, s, about(second), answer{err: client.ErrRemoved})
	removed := about(second)
	removed.AllowRemoved = true
	require.Equal(t, answer{id: p.id, credential: "passkey", state: "removed", matches: "false"}, ask(t, s, removed))
	require.Equal(t, answer{id: p.id, credential: "passkey", state: "active", matches: "true"}, ask(t, s, about(first)))

	third := p.add("passkey")
	becomes(t, s, about(third), answer{id: p.id, credential: "passkey", state: "active", matches: "true"})
	require.Equal(t, answer{err: client.ErrRemoved}, ask(t, s, about(second)))
	require.Equal(t, answer{id: p.id, credential: "passkey", state: "active", matches: "true"}, ask(t, s, about(first)))
}

func TestRealWebAuthnKeys(t *testing.T) {
	s, k := withHooks(t)
	p := newPerson(t, k, "berta")
	first := p.signUp("webauthn")
	require.Len(t, first.handle, 16)
	becomes(t, s, about(first), answer{id: p.id, credential: "webauthn", state: "active", matches: "true"})

	second := p.add("webauthn")
	require.Equal(t, p.id, uuidOf(t, second.handle), "kratos takes the identity's id for a handle")
	becomes(t, s, about(second), answer{id: p.id, credential: "webauthn", state: "active", matches: "true"})
	becomes(t, s, about(first), answer{id: p.id, credential: "webauthn", state: "orphaned", matches: "true"})
	require.Equal(t, p.id, ask(t, s, client.Query{UserHandle: p.id}).id, "the identity's id as text")

	passkey := p.add("passkey")
	becomes(t, s, about(passkey), answer{id: p.id, credential: "passkey", state: "active", matches: "true"})

	p.remove("webauthn", first)
	becomes(t, s, about(first), answer{err: client.ErrRemoved})
	require.Equal(t, answer{id: p.id, credential: "webauthn", state: "active", matches: "true"}, ask(t, s, about(second)))
	p.remove("webauthn", second)
	becomes(t, s, about(second), answer{err: client.ErrRemoved})
	require.Equal(t, answer{id: p.id, credential: "passkey", state: "active", matches: "true"}, ask(t, s, about(passkey)))
}

func uuidOf(t *testing.T, b []byte) string {
	t.Helper()
	require.Len(t, b, 16)
	x := make([]byte, 0, 36)
	const digits = "0123456789abcdef"
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			x = append(x, '-')
		}
		x = append(x, digits[c>>4], digits[c&15])
	}
	return string(x)
}

// TestRealScan builds an index of existing identities.
func TestRealScan(t *testing.T) {
	ports := kratostest.FreePorts(t, 2)
	deaf := hookTo("http://127.0.0.1:1", "/", "x")
	k := startKratos(t, ports, [3]string{deaf, deaf, deaf})

	one := newPerson(t, k, "carla")
	oneKey := one.signUp("passkey")
	two := newPerson(t, k, "dora")
	twoFirst := two.signUp("passkey")
	twoSecond := two.add("passkey")
	three := newPerson(t, k, "emma")
	threeFirst := three.signUp("passkey")
	threeSecond := three.add("passkey")
	three.remove("passkey", threeSecond)
	old := newPerson(t, k, "frida")
	oldKey := old.signUp("webauthn")
	lost := newPerson(t, k, "gerda")
	lostFirst := lost.signUp("webauthn")
	lostSecond := lost.add("webauthn")

	dir := t.TempDir()
	s := startSidecar(t, k.admin, dir, "127.0.0.1:0")
	becomes(t, s, client.Query{UserHandle: b64(oneKey.handle)}, answer{id: one.id, credential: "passkey", state: "active", matches: "null"})
	becomes(t, s, about(twoFirst), answer{id: two.id, credential: "passkey", state: "active", matches: "true"})
	becomes(t, s, about(twoSecond), answer{id: two.id, credential: "passkey", state: "active", matches: "true"})
	// One of two passkeys is gone, and it is not known which.
	becomes(t, s, about(threeFirst), answer{id: three.id, credential: "passkey", state: "unknown", matches: "true"})
	becomes(t, s, client.Query{UserHandle: b64(threeSecond.handle)}, answer{id: three.id, credential: "passkey", state: "unknown", matches: "null"})
	becomes(t, s, about(oldKey), answer{id: old.id, credential: "webauthn", state: "active", matches: "true"})
	// Kratos has forgotten the first key's handle before the index was built.
	becomes(t, s, about(lostSecond), answer{id: lost.id, credential: "webauthn", state: "active", matches: "true"})
	becomes(t, s, about(lostFirst), answer{err: client.ErrUnknown})
	require.Equal(t, answer{err: client.ErrUnknown}, ask(t, s, client.Query{UserHandle: strings.Repeat("x", 64)}))

	// A deleted identity is found by the sweep at the next start.
	status, raw := one.do(http.MethodDelete, k.admin+"/admin/identities/"+one.id, nil)
	require.Equal(t, http.StatusNoContent, status, "%s", raw)
	require.NoError(t, s.stop())
	s = startSidecar(t, k.admin, dir, "127.0.0.1:0")
	becomes(t, s, client.Query{UserHandle: b64(oneKey.handle)}, answer{err: client.ErrRemoved})
	require.Equal(t, answer{id: two.id, credential: "passkey", state: "active", matches: "true"}, ask(t, s, about(twoFirst)))

	// Kratos down: the index answers; what only Kratos knows is 503.
	k.process.Stop()
	require.Equal(t, answer{id: two.id, credential: "passkey", state: "active", matches: "true"}, ask(t, s, about(twoFirst)))
	confirmed := about(twoFirst)
	confirmed.Confirm = true
	require.Equal(t, answer{err: client.ErrNotReady}, ask(t, s, confirmed))
	k.start(t)
	becomes(t, s, confirmed, answer{id: two.id, credential: "passkey", state: "active", matches: "true"})
}

// TestRealOtherKratos starts on an index that was made from another Kratos.
func TestRealOtherKratos(t *testing.T) {
	deaf := hookTo("http://127.0.0.1:1", "/", "x")
	k := startKratos(t, kratostest.FreePorts(t, 2), [3]string{deaf, deaf, deaf})
	p := newPerson(t, k, "hanna")
	h := p.signUp("passkey")
	dir := t.TempDir()
	s := startSidecar(t, k.admin, dir, "127.0.0.1:0")
	becomes(t, s, client.Query{UserHandle: b64(h.handle)}, answer{id: p.id, credential: "passkey", state: "active", matches: "null"})
	require.NoError(t, s.stop())

	other := startKratos(t, kratostest.FreePorts(t, 2), [3]string{deaf, deaf, deaf})
	keys, err := api.ReadKeys(strings.NewReader(testKeys), "keys")
	require.NoError(t, err)
	refused, err := server.New(t.Context(), server.Options{
		KratosAdminURL: other.admin, DataDir: dir, Keys: keys, Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.EqualError(t, refused.Run(ctx), "index belongs to another Kratos: none of the sampled identities exist there; use another data directory, or empty this one if Kratos was replaced")
}

// TestRealRefusal signs up by passkey although only sign-up by code is allowed.
func TestRealRefusal(t *testing.T) {
	ports := kratostest.FreePorts(t, 2)
	s := startSidecar(t, "http://127.0.0.1:"+ports[1], t.TempDir(), "127.0.0.1:0")
	refuse := strings.Replace(hookTo(s.URL(), api.RefuseSignUpPath, "hooks-key"), "ignore: true", "parse: true", 1)
	deaf := hookTo("http://127.0.0.1:1", "/", "x")
	k := startKratos(t, ports, [3]string{refuse, deaf, deaf})
	p := newPerson(t, k, "ida")
	f := p.begin("registration")
	_, response := p.create(optionsOf(f.value(t, "passkey_create_data")))
	status, raw := p.submit(f, map[string]any{"method": "passkey", "traits": map[string]string{"username": p.name}, "passkey_register": response})
	require.Equal(t, http.StatusBadRequest, status, "%s", raw)
	var shown struct {
		UI struct {
			Messages []struct {
				ID   int    `json:"id"`
				Text string `json:"text"`
				Type string `json:"type"`
			} `json:"messages"`
		} `json:"ui"`
	}
	require.NoError(t, json.Unmarshal(raw, &shown))
	require.Len(t, shown.UI.Messages, 1)
	require.Equal(t, server.RefusalMessageID, shown.UI.Messages[0].ID)
	require.Equal(t, "Please sign up with a code sent to your email address first. You can add a passkey right after that.", shown.UI.Messages[0].Text)
	status, raw = p.do(http.MethodGet, k.admin+"/admin/identities", nil)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, "[]", string(raw))
}
