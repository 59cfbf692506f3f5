package bench_test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/internal/testing/postgrestest"
)

const kratosYML = `
serve:
  public: { host: 127.0.0.1, port: %[1]s, base_url: "http://localhost:%[1]s/" }
  admin:  { host: 127.0.0.1, port: %[2]s, base_url: "http://127.0.0.1:%[2]s/" }
log: { level: error }
selfservice:
  default_browser_return_url: http://localhost:4455/
  flows:
    registration:
      enable_legacy_one_step: true
      after:
        passkey:
          hooks:
            - hook: web_hook
              config:
                url: %[3]s
                method: POST
                body: "file://identity.jsonnet"
                response: { ignore: true }
                auth: { type: api_key, config: { in: header, name: X-Api-Key, value: %[4]s } }
            - hook: session
  methods:
    password: { enabled: false }
    passkey:
      enabled: true
      config: { rp: { id: localhost, display_name: Bench, origins: ["http://localhost:4455"] } }
identity:
  default_schema_id: default
  schemas: [ { id: default, url: "file://identity.schema.json" } ]
`

const identitySchema = `{
  "$id": "https://example.com/person.json", "title": "Person", "type": "object",
  "properties": {"traits": {"type": "object", "properties": {"username": {"type": "string",
    "ory.sh/kratos": {"credentials": {"passkey": {"display_name": true}}}}}}}
}`

// kratos is a real one, on a PostgreSQL of its own.
type kratos struct {
	public, admin string // base URLs
	dsn           string // of its database
}

// startKratos starts a Kratos with a registration hook to a sidecar.
func startKratos(t *testing.T, sidecarAddr string) *kratos {
	t.Helper()
	c := postgrestest.Start(t)
	ports := kratostest.FreePorts(t, 2)
	k := &kratos{public: "http://localhost:" + ports[0], admin: "http://127.0.0.1:" + ports[1], dsn: c.DSN("postgres")}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"kratos.yml":           fmt.Sprintf(kratosYML, ports[0], ports[1], "http://"+sidecarAddr+"/v1/hooks/kratos/registration", key),
		"identity.schema.json": identitySchema,
		"identity.jsonnet":     "function(ctx) { identity_id: ctx.identity.id, flow_id: ctx.flow.id }",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	command := func(args ...string) *exec.Cmd {
		cmd := kratostest.Command(t, dir, args...)
		cmd.Env = append(cmd.Env, "DSN=postgres://test@/postgres?"+url.Values{"host": {c.Dir()}}.Encode())
		return cmd
	}
	out, err := command("migrate", "sql", "-e", "--yes", "-c", "kratos.yml").CombinedOutput()
	require.NoError(t, err, "%s", out)
	kratostest.Run(t, command("serve", "-c", "kratos.yml", "--sqa-opt-out", "--dev"), k.admin+"/admin/health/ready")
	return k
}

// clones copies the rows that Kratos wrote for the first user, each with an id and a
// user handle of its own. Kratos itself registers only 450 users per second, and
// its import does not take passkeys.
const clones = `
WITH one AS (SELECT * FROM identities ORDER BY created_at LIMIT 1)
INSERT INTO identities SELECT md5('identity' || n)::uuid, schema_id, jsonb_build_object('username', 'clone-' || n), created_at, updated_at, nid, state,
	state_changed_at, metadata_public, metadata_admin, available_aal, organization_id FROM one, generate_series(1, %[1]d) n;
WITH one AS (SELECT c.* FROM identity_credentials c JOIN identity_credential_types t ON t.id = c.identity_credential_type_id WHERE t.name = 'passkey' ORDER BY c.created_at LIMIT 1)
INSERT INTO identity_credentials (id, config, identity_credential_type_id, identity_id, created_at, updated_at, nid, version)
	SELECT md5('credential' || n)::uuid, jsonb_set(config, '{user_handle}', to_jsonb(encode((md5('handle' || n) || md5('more' || n))::bytea, 'base64'))),
	identity_credential_type_id, md5('identity' || n)::uuid, created_at, updated_at, nid, version FROM one, generate_series(1, %[1]d) n;
WITH one AS (SELECT i.* FROM identity_credential_identifiers i JOIN identity_credential_types t ON t.id = i.identity_credential_type_id WHERE t.name = 'passkey' ORDER BY i.created_at LIMIT 1)
INSERT INTO identity_credential_identifiers (id, identifier, identity_credential_id, created_at, updated_at, nid, identity_credential_type_id)
	SELECT md5('identifier' || n)::uuid, md5('handle' || n) || md5('more' || n), md5('credential' || n)::uuid, created_at, updated_at, nid, identity_credential_type_id
	FROM one, generate_series(1, %[1]d) n;
ANALYZE;
`

// populate creates a number of identities besides the one that registers for real.
func (k *kratos) populate(t *testing.T, people int) {
	t.Helper()
	newPerson(t, k).signUp("the-first")
	conn, err := pgx.Connect(t.Context(), k.dsn)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), fmt.Sprintf(clones, people))
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
}

// cloneID is that of clone n, from 1 on.
func cloneID(n int) uuid.UUID { return md5.Sum([]byte(fmt.Sprint("identity", n))) }

// person is a user with a browser and a virtual authenticator.
type person struct {
	t      *testing.T
	kratos *kratos
	http   http.Client
}

func newPerson(t *testing.T, k *kratos) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &person{t: t, kratos: k, http: http.Client{Jar: jar}}
}

func (p *person) do(method, url string, body any) []byte {
	p.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(p.t, err)
	req, err := http.NewRequestWithContext(p.t.Context(), method, url, bytes.NewReader(raw))
	require.NoError(p.t, err)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(req)
	require.NoError(p.t, err)
	defer func() { _ = resp.Body.Close() }()
	var answer bytes.Buffer
	_, err = answer.ReadFrom(resp.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, resp.StatusCode, "%s", &answer)
	return answer.Bytes()
}

// signUp registers with a passkey and returns its user handle as the browser gives
// it, and the time of Kratos' response.
func (p *person) signUp(name string) (handle string, at time.Time) {
	p.t.Helper()
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
	require.NoError(p.t, json.Unmarshal(p.do(http.MethodGet, p.kratos.public+"/self-service/registration/browser", nil), &flow))
	nodes := map[string]string{}
	for _, n := range flow.UI.Nodes {
		nodes[n.Attributes.Name] = fmt.Sprint(n.Attributes.Value)
	}
	var options struct {
		CredentialOptions json.RawMessage `json:"credentialOptions"`
	}
	// The software authenticator reads no padding.
	require.NoError(p.t, json.Unmarshal([]byte(strings.ReplaceAll(nodes["passkey_create_data"], "=", "")), &options))
	o, err := virtualwebauthn.ParseAttestationOptions(string(options.CredentialOptions))
	require.NoError(p.t, err)
	rp := virtualwebauthn.RelyingParty{ID: "localhost", Name: "Bench", Origin: "http://localhost:4455"}
	response := virtualwebauthn.CreateAttestationResponse(rp, virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2), *o)
	p.do(http.MethodPost, flow.UI.Action, map[string]any{
		"method": "passkey", "csrf_token": nodes["csrf_token"], "traits": map[string]string{"username": name}, "passkey_register": response,
	})
	return base64.RawURLEncoding.EncodeToString([]byte(o.UserID)), time.Now()
}
