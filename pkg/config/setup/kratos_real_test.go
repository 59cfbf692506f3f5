//go:build realkratos

package setup_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

// scaffolded writes a configuration into a new folder and returns the folder and the
// hook key.
func scaffolded(t *testing.T, o setup.Options) (dir, hookKey string) {
	t.Helper()
	dir = t.TempDir()
	files, err := setup.Files(o, setup.State{}, rand.Reader)
	require.NoError(t, err)
	_, err = setup.Write(dir, files, false)
	require.NoError(t, err)
	for _, f := range files {
		if f.Path == setup.SidecarKey {
			hookKey = regexp.MustCompile(`hooks:(.+)`).FindStringSubmatch(string(f.Content))[1]
		}
	}
	return dir, hookKey
}

// TestRealKratosFindsMountedFiles starts Kratos from elsewhere, as a container or
// a unit does.
func TestRealKratosFindsMountedFiles(t *testing.T) {
	mount := t.TempDir()
	dir, _ := scaffolded(t, setup.Options{Domain: "localhost", Target: setup.Systemd, Mount: mount, DSN: "sqlite:///" + mount + "/kratos.db?_fk=true&mode=rwc"})
	require.NoError(t, os.CopyFS(mount, os.DirFS(dir)))
	require.NoError(t, os.Remove(filepath.Join(dir, "identity.schema.json")))
	status, answer := registerPasskey(startKratos(t, dir), map[string]any{"email": "alice@example.com"})
	require.Equal(t, http.StatusInternalServerError, status, "the hook's body is found, nobody answers: %s", answer)
	require.Contains(t, string(answer), "giving up after 3 attempt(s)")
}

type passkeyCreateData struct {
	CredentialOptions    json.RawMessage `json:"credentialOptions"`
	DisplayNameFieldName string          `json:"displayNameFieldName"`
}

type creationOptions struct {
	PublicKey struct {
		RP struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"rp"`
		AuthenticatorSelection struct {
			ResidentKey string `json:"residentKey"`
		} `json:"authenticatorSelection"`
	} `json:"publicKey"`
}

// TestRealKratosBoots runs every combination on a real Kratos and looks at what the
// browser would get.
func TestRealKratosBoots(t *testing.T) {
	for _, signUp := range []setup.SignUp{setup.CodeFirst, setup.PasskeyFirst} {
		for _, webAuthn := range []setup.WebAuthn{setup.Off, setup.Passwordless, setup.SecondFactor} {
			t.Run(string(signUp)+" "+string(webAuthn), func(t *testing.T) {
				dir, _ := scaffolded(t, setup.Options{
					Domain: "auth.example.com", AppName: `"Ex" & Söhne: #1`, RPID: "example.com",
					KratosURL: "https://kratos.example.com/", Origins: []string{"https://app.example.com"}, SignUp: signUp, WebAuthn: webAuthn,
				})
				k := startKratos(t, dir)
				require.Equal(t, "https://app.example.com", k.corsAnswer("https://app.example.com"))
				require.Empty(t, k.corsAnswer("https://www.example.com"))

				traits := map[string]any{"email": "alice@example.com"}
				displayName := "traits.email"
				if signUp == setup.PasskeyFirst {
					traits["username"], displayName = "alice", "traits.username"
				}
				f := k.begin("registration")
				require.Equal(t, "https://kratos.example.com/self-service/registration?flow="+f.ID, f.UI.Action)
				f = k.submit("registration", f, http.StatusBadRequest, map[string]any{"method": "profile", "traits": traits})
				raw, _ := f.value("passkey_create_data")
				var create passkeyCreateData
				require.NoError(t, json.Unmarshal([]byte(raw), &create), "%q", raw)
				var options creationOptions
				require.NoError(t, json.Unmarshal(create.CredentialOptions, &options))
				require.Equal(t, "example.com", options.PublicKey.RP.ID)
				require.Equal(t, `"Ex" & Söhne: #1`, options.PublicKey.RP.Name)
				require.Equal(t, "required", options.PublicKey.AuthenticatorSelection.ResidentKey)
				require.Equal(t, displayName, create.DisplayNameFieldName)
				require.Contains(t, f.submits(), "code")
				_, offered := f.value("webauthn_register_trigger")
				require.Equal(t, webAuthn == setup.Passwordless, offered)

				login := k.begin("login")
				raw, _ = login.value("passkey_challenge")
				var get struct {
					PublicKey struct {
						RPID string `json:"rpId"`
					} `json:"publicKey"`
				}
				require.NoError(t, json.Unmarshal([]byte(raw), &get), "%q", raw)
				require.Equal(t, "example.com", get.PublicKey.RPID)
				want := []string{"code"}
				if webAuthn == setup.Passwordless {
					want = append(want, "webauthn")
				}
				require.ElementsMatch(t, want, login.submits())
			})
		}
	}
}

// TestRealPasskeySignUp registers a passkey from the pages' origin. With
// passkey-first it is stored and the sidecar notified; with code-first it is
// rejected.
func TestRealPasskeySignUp(t *testing.T) {
	t.Run("passkey-first", func(t *testing.T) {
		hooks, sidecar := recordCalls(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		k, status, answer, key := signUpByPasskey(t, setup.Options{
			Domain: "localhost", SidecarURL: sidecar, SignUp: setup.PasskeyFirst,
		}, map[string]any{"username": "alice"})
		require.Equal(t, http.StatusOK, status, "%s", answer)
		var registered struct {
			Session  struct{ Active bool }
			Identity struct{ ID string }
		}
		require.NoError(t, json.Unmarshal(answer, &registered))
		require.True(t, registered.Session.Active)
		got := hooks.wait(t, "/v1/hooks/kratos/registration")
		require.Equal(t, key, got.Key)
		require.Equal(t, registered.Identity.ID, got.Body["identity_id"])
		require.Len(t, got.Body, 2, "ids only")

		k.cookie = map[string]string{}
		f := k.decode(registerPasskey(k, map[string]any{"username": "Alice"}))(http.StatusBadRequest)
		require.Len(t, f.UI.Messages, 1)
		require.Equal(t, 4000007, f.UI.Messages[0].ID, "the user name is taken")
	})
	for _, second := range []setup.WebAuthn{setup.Off, setup.Passwordless} {
		t.Run("passkey-first with somebody's address, webauthn "+string(second), func(t *testing.T) {
			hooks, sidecar := recordCalls(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusForbidden)
				_, _ = w.Write([]byte(`{"messages":[{"messages":[{"id":4900001,"text":"begin with a code","type":"error"}]}]}`))
			})
			k, status, answer, key := signUpByPasskey(t, setup.Options{
				Domain: "localhost", SidecarURL: sidecar, SignUp: setup.PasskeyFirst, WebAuthn: second,
			}, map[string]any{"username": "mallory", "email": "victim@example.com"})
			f := k.decode(status, answer)(http.StatusBadRequest)
			require.Equal(t, []message{{ID: 4900001, Text: "begin with a code"}}, f.UI.Messages)
			got := hooks.wait(t, "/v1/hooks/kratos/refuse-passkey-signup")
			require.Equal(t, key, got.Key)
			require.Equal(t, map[string]any{"flow_id": f.ID}, got.Body)
			require.Empty(t, identities(k))
		})
	}
	t.Run("passkey-first with somebody's address fails closed without the sidecar", func(t *testing.T) {
		k, status, answer, _ := signUpByPasskey(t, setup.Options{
			Domain: "localhost", SignUp: setup.PasskeyFirst, SidecarURL: "http://127.0.0.1:" + kratostest.FreePorts(t, 1)[0],
		}, map[string]any{"username": "mallory", "email": "victim@example.com"})
		require.Equal(t, http.StatusInternalServerError, status, "%s", answer)
		require.Empty(t, identities(k))
		status, answer = registerPasskey(k, map[string]any{"username": "alice"})
		require.Equal(t, http.StatusOK, status, "nobody else is asked: %s", answer)
	})
	t.Run("code-first", func(t *testing.T) {
		hooks, sidecar := recordCalls(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"messages":[{"messages":[{"id":4900001,"text":"begin with a code","type":"error"}]}]}`))
		})
		k, status, answer, key := signUpByPasskey(t, setup.Options{
			Domain: "localhost", SidecarURL: sidecar, WebAuthn: setup.Passwordless,
		}, map[string]any{"email": "alice@example.com"})
		f := k.decode(status, answer)(http.StatusBadRequest)
		require.Equal(t, []message{{ID: 4900001, Text: "begin with a code"}}, f.UI.Messages)
		got := hooks.wait(t, "/v1/hooks/kratos/refuse-passkey-signup")
		require.Equal(t, key, got.Key)
		require.Equal(t, map[string]any{"flow_id": f.ID}, got.Body)
		require.Empty(t, identities(k))
	})
	t.Run("code-first fails closed without the sidecar", func(t *testing.T) {
		k, status, answer, _ := signUpByPasskey(t, setup.Options{
			Domain: "localhost", SidecarURL: "http://127.0.0.1:" + kratostest.FreePorts(t, 1)[0],
		}, map[string]any{"email": "alice@example.com"})
		require.Equal(t, http.StatusInternalServerError, status, "%s", answer)
		require.Empty(t, identities(k))
	})
}

func signUpByPasskey(t *testing.T, o setup.Options, traits map[string]any) (k *kratos, status int, answer []byte, key string) {
	t.Helper()
	dir, key := scaffolded(t, o)
	k = startKratos(t, dir)
	status, answer = registerPasskey(k, traits)
	return k, status, answer, key
}

// registerPasskey goes through the sign-up at http://localhost:4455.
func registerPasskey(k *kratos, traits map[string]any) (status int, answer []byte) {
	k.t.Helper()
	f := k.submit("registration", k.begin("registration"), http.StatusBadRequest, map[string]any{"method": "profile", "traits": traits})
	raw, _ := f.value("passkey_create_data")
	var create passkeyCreateData
	require.NoError(k.t, json.Unmarshal([]byte(raw), &create), "%q", raw)
	options, err := virtualwebauthn.ParseAttestationOptions(string(create.CredentialOptions))
	require.NoError(k.t, err)
	passkey := virtualwebauthn.CreateAttestationResponse(
		virtualwebauthn.RelyingParty{ID: "localhost", Origin: "http://localhost:4455"},
		virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2), *options,
	)
	csrf, _ := f.value("csrf_token")
	return k.do(http.MethodPost, k.public+"/self-service/registration?flow="+f.ID, map[string]any{
		"method": "passkey", "csrf_token": csrf, "traits": traits,
		"passkey_register": passkey,
	})
}

func identities(k *kratos) []any {
	k.t.Helper()
	status, body := k.do(http.MethodGet, k.admin+"/admin/identities", nil)
	require.Equal(k.t, http.StatusOK, status)
	var all []any
	require.NoError(k.t, json.Unmarshal(body, &all))
	return all
}

// TestRealCodeSignUp proves an address by a code, is signed in and lands in
// settings, where a passkey can be added at once.
func TestRealCodeSignUp(t *testing.T) {
	k, _ := signedUpByCode(t, setup.Options{Domain: "localhost"})
	_, offered := k.begin("settings").value("passkey_create_data")
	require.True(t, offered)
}
