//go:build realkratos

package explain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/config/explain"
)

// kratosWith is a valid configuration without its methods.
const kratosWith = `
serve:
  public: { host: 127.0.0.1, port: %[1]s, base_url: "http://localhost:%[1]s/" }
  admin:  { host: 127.0.0.1, port: %[2]s, base_url: "http://127.0.0.1:%[2]s/" }
selfservice:
  default_browser_return_url: http://localhost:4455/
  flows: { registration: { enable_legacy_one_step: true } }
  methods:
    password: { enabled: true }
    %[3]s
identity:
  default_schema_id: default
  schemas: [ { id: default, url: "file://identity.schema.json" } ]
`

const (
	passkeyRight  = `passkey: { enabled: true, config: { rp: { id: localhost, display_name: T, origins: ["http://localhost:4455"] } } }`
	schemaWith    = `{"$id": "https://example.com/p.json", "type": "object", "properties": {"traits": {"type": "object", "properties": {"email": {"type": "string", "title": "E", "ory.sh/kratos": {"credentials": %s}}}}}}`
	displayNameOK = `{"passkey": {"display_name": true}}`
)

// broken is a faulty configuration of Kratos, with the expected first explanation.
type broken struct {
	name, methods, annotation string
	env                       []string
	noDSN                     bool
	entry, cause              string
}

func (b broken) dir(t *testing.T, ports []string) string {
	t.Helper()
	annotation := b.annotation
	if annotation == "" {
		annotation = displayNameOK
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"kratos.yml":           fmt.Sprintf(kratosWith, ports[0], ports[1], b.methods),
		"identity.schema.json": fmt.Sprintf(schemaWith, annotation),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func (b broken) command(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	c := kratostest.Command(t, dir, "serve", "-c", "kratos.yml", "--sqa-opt-out", "--dev")
	c.Env = append(c.Env, b.env...)
	if !b.noDSN {
		c.Env = append(c.Env, "DSN=memory")
	}
	return c
}

func requireExplained(t *testing.T, b broken, said string) *explain.Answer {
	t.Helper()
	a := explained(t, said)
	require.NotEmpty(t, a.Found, said)
	require.Equal(t, b.entry, a.Found[0].ID, said)
	require.Equal(t, b.cause, a.Found[0].Causes[0].ID, said)
	return a
}

// TestRealKratosDoesNotStart passes the output of a real Kratos that does not
// start to explain.
func TestRealKratosDoesNotStart(t *testing.T) {
	for _, b := range []broken{
		{name: "rp.id", methods: `passkey: { enabled: true, config: { rp: { display_name: T } } }`, entry: "config-missing-id", cause: "config-rp-id-missing"},
		{name: "display name", methods: `passkey: { enabled: true, config: { rp: { id: localhost } } }`, entry: "config-missing-display-name", cause: "config-display-name-missing"},
		{name: "config", methods: `passkey: { enabled: true }`, entry: "config-missing-config", cause: "config-missing"},
		{name: "passwordless", methods: `passkey: { enabled: true, config: { passwordless: true, rp: { id: localhost, display_name: T } } }`, entry: "config-passwordless", cause: "config-passwordless-misplaced"},
		{name: "passkeys", methods: `passkeys: { enabled: true }`, entry: "config-passkeys", cause: "config-method-misspelt"},
		{name: "newer key", methods: `passkey: { enabled: true, config: { attestation: none, rp: { id: localhost, display_name: T } } }`, entry: "config-additional", cause: "config-key-not-known"},
		{name: "origin and origins", methods: `webauthn: { enabled: true, config: { rp: { id: localhost, display_name: T, origin: "http://localhost", origins: ["http://localhost"] } } }`, entry: "config-two-origins", cause: "config-origin-and-origins"},
		{name: "not a uri", methods: `webauthn: { enabled: true, config: { rp: { id: localhost, display_name: T, origins: ["not a uri"] } } }`, entry: "config-uri", cause: "config-origin-no-uri"},
		{name: "yes", methods: `passkey: { enabled: yes }`, entry: "config-boolean", cause: "config-yaml-type"},
		{name: "no dsn", methods: passkeyRight, noDSN: true, entry: "config-missing-dsn", cause: "config-dsn"},
		{name: "element 1", methods: passkeyRight, env: []string{"SELFSERVICE_FLOWS_REGISTRATION_AFTER_PASSKEY_HOOKS_1_HOOK=session"}, entry: "config-null", cause: "config-env-null"},
	} {
		t.Run(b.name, func(t *testing.T) {
			said, err := b.command(t, b.dir(t, kratostest.FreePorts(t, 2))).CombinedOutput()
			require.Error(t, err, "%s", said)
			requireExplained(t, b, string(said))
		})
	}
}

// running starts Kratos and returns its public URL.
func (b broken) running(t *testing.T) (public string, kratos *kratostest.Process) {
	t.Helper()
	ports := kratostest.FreePorts(t, 2)
	kratos = kratostest.Run(t, b.command(t, b.dir(t, ports)), "http://127.0.0.1:"+ports[1]+"/admin/health/ready")
	return "http://localhost:" + ports[0], kratos
}

func ask(t *testing.T, c *http.Client, method, url string, body any) string {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequest(method, url, bytes.NewReader(raw))
	require.NoError(t, err)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(answer)
}

// TestRealKratosAnswers passes the responses of a real Kratos to explain.
func TestRealKratosAnswers(t *testing.T) {
	for _, b := range []broken{
		{name: "no rp", methods: `passkey: { enabled: true, config: {} }`, entry: "no-rp-id", cause: "config-rp-id-missing"},
		{name: "empty origins", methods: `passkey: { enabled: true, config: { rp: { id: localhost, display_name: T, origins: [] } } }`, entry: "no-origins", cause: "origins-empty"},
		{name: "no display name", methods: passkeyRight, annotation: `{"password": {"identifier": true}}`, entry: "no-display-name", cause: "display-name-trait"},
	} {
		t.Run(b.name, func(t *testing.T) {
			public, _ := b.running(t)
			requireExplained(t, b, ask(t, http.DefaultClient, http.MethodGet, public+"/self-service/registration/browser", nil))
		})
	}
}

// TestRealKratosRejectsOrigin registers a passkey on a page whose port is not in
// rp.origins: the response has the error, and the log both origins.
func TestRealKratosRejectsOrigin(t *testing.T) {
	b := broken{methods: strings.ReplaceAll(passkeyRight, ":4455", ""), entry: "kratos-origin", cause: "origin-not-listed"}
	public, kratos := b.running(t)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar}
	var flow struct {
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
	require.NoError(t, json.Unmarshal([]byte(ask(t, client, http.MethodGet, public+"/self-service/registration/browser", nil)), &flow))
	values := map[string]string{}
	for _, n := range flow.UI.Nodes {
		values[n.Attributes.Name] = fmt.Sprint(n.Attributes.Value)
	}
	var data struct {
		Options json.RawMessage `json:"credentialOptions"`
	}
	require.NoError(t, json.Unmarshal([]byte(values["passkey_create_data"]), &data))
	options, err := virtualwebauthn.ParseAttestationOptions(strings.ReplaceAll(string(data.Options), "=", ""))
	require.NoError(t, err)
	rp := virtualwebauthn.RelyingParty{ID: "localhost", Name: "T", Origin: "http://localhost:4455"}
	response := virtualwebauthn.CreateAttestationResponse(rp, virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2), *options)
	answer := ask(t, client, http.MethodPost, flow.UI.Action, map[string]any{
		"method": "passkey", "csrf_token": values["csrf_token"], "traits": map[string]string{"email": "a@example.com"}, "passkey_register": response,
	})
	requireExplained(t, b, answer)
	kratos.Stop()
	b.cause = "origin-port"
	a := requireExplained(t, b, kratos.Log())
	require.Equal(t, []string{`expected "http://localhost", received "http://localhost:4455": the port differs`}, a.Found[0].Causes[0].Proof)
}
