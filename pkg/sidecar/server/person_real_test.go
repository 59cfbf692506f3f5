//go:build realkratos

package server_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"
)

// person is a user with a browser and virtual authenticators.
type person struct {
	t      *testing.T
	kratos *realKratos
	http   *http.Client
	name   string
	id     string
}

// key is a credential in one of a user's authenticators.
type key struct {
	credential virtualwebauthn.Credential
	handle     []byte
}

func newPerson(t *testing.T, k *realKratos, name string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &person{t: t, kratos: k, http: &http.Client{Jar: jar}, name: name}
}

var relyingParty = virtualwebauthn.RelyingParty{ID: "localhost", Name: "Test", Origin: "http://localhost:4455"}

// flow is what this test reads of a Kratos flow.
type flow struct {
	UI struct {
		Action string `json:"action"`
		Nodes  []struct {
			Attributes struct {
				Name  string `json:"name"`
				Value any    `json:"value"`
			} `json:"attributes"`
		} `json:"nodes"`
	} `json:"ui"`
}

func (f *flow) value(t *testing.T, name string) string {
	t.Helper()
	for _, n := range f.UI.Nodes {
		if n.Attributes.Name == name {
			return fmt.Sprint(n.Attributes.Value)
		}
	}
	t.Fatalf("flow has no node %q", name)
	return ""
}

func (p *person) do(method, url string, body any) (int, []byte) {
	p.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(p.t, err)
	req, err := http.NewRequest(method, url, bytes.NewReader(raw))
	require.NoError(p.t, err)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(req)
	require.NoError(p.t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, answer
}

func (p *person) begin(kind string) *flow {
	p.t.Helper()
	status, raw := p.do(http.MethodGet, p.kratos.public+"/self-service/"+kind+"/browser", nil)
	require.Equal(p.t, http.StatusOK, status, "%s", raw)
	var f flow
	require.NoError(p.t, json.Unmarshal(raw, &f))
	return &f
}

func (p *person) submit(f *flow, body map[string]any) (int, []byte) {
	p.t.Helper()
	body["csrf_token"] = f.value(p.t, "csrf_token")
	return p.do(http.MethodPost, f.UI.Action, body)
}

// create makes a key from creation options, as an authenticator would.
func (p *person) create(options string) (key, string) {
	p.t.Helper()
	var wrapped struct {
		CredentialOptions json.RawMessage `json:"credentialOptions"`
	}
	require.NoError(p.t, json.Unmarshal([]byte(options), &wrapped))
	if wrapped.CredentialOptions != nil {
		options = string(wrapped.CredentialOptions)
	}
	o, err := virtualwebauthn.ParseAttestationOptions(options)
	require.NoError(p.t, err)
	k := key{credential: virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2), handle: []byte(o.UserID)}
	return k, virtualwebauthn.CreateAttestationResponse(relyingParty, virtualwebauthn.NewAuthenticator(), k.credential, *o)
}

// signUp registers with a passkey or a webauthn key.
func (p *person) signUp(method string) key {
	p.t.Helper()
	f := p.begin("registration")
	node, field := "passkey_create_data", "passkey_register"
	if method == "webauthn" {
		node, field = "webauthn_register_trigger", "webauthn_register"
	}
	k, response := p.create(optionsOf(f.value(p.t, node)))
	status, raw := p.submit(f, map[string]any{"method": method, "traits": map[string]string{"username": p.name}, field: response})
	require.Equal(p.t, http.StatusOK, status, "%s", raw)
	var answer struct {
		Identity struct {
			ID string `json:"id"`
		} `json:"identity"`
	}
	require.NoError(p.t, json.Unmarshal(raw, &answer))
	p.id = answer.Identity.ID
	return k
}

// add registers another key in settings.
func (p *person) add(method string) key {
	p.t.Helper()
	f := p.begin("settings")
	node, body := "passkey_create_data", map[string]any{"method": method}
	field := "passkey_settings_register"
	if method == "webauthn" {
		node, field = "webauthn_register_trigger", "webauthn_register"
		body["webauthn_register_displayname"] = "key"
	}
	k, response := p.create(optionsOf(f.value(p.t, node)))
	body[field] = response
	status, raw := p.submit(f, body)
	require.Equal(p.t, http.StatusOK, status, "%s", raw)
	return k
}

// remove takes a key away in settings.
func (p *person) remove(method string, k key) {
	p.t.Helper()
	f := p.begin("settings")
	status, raw := p.submit(f, map[string]any{"method": method, method + "_remove": hex.EncodeToString(k.credential.ID)})
	require.Equal(p.t, http.StatusOK, status, "%s", raw)
}

// signIn signs in with a passkey, from a browser without cookies.
func (p *person) signIn(k key) (int, []byte) {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(p.t, err)
	p.http = &http.Client{Jar: jar}
	f := p.begin("login")
	o, err := virtualwebauthn.ParseAssertionOptions(optionsOf(f.value(p.t, "passkey_challenge")))
	require.NoError(p.t, err)
	a := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: k.handle})
	response := virtualwebauthn.CreateAssertionResponse(relyingParty, a, k.credential, *o)
	return p.submit(f, map[string]any{"method": "passkey", "passkey_login": response})
}

// optionsOf drops the padding that older Kratos versions write into user.id:
// the software authenticator reads none.
func optionsOf(value string) string { return strings.ReplaceAll(value, `=`, ``) }
