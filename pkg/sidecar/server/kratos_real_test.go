//go:build realkratos

package server_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

// realKratos is a running Kratos on a database file of its own.
type realKratos struct {
	public, admin string // base URLs
	dir           string
	dsn           string
	process       *kratostest.Process
}

const kratosYML = `
serve:
  public: { host: 127.0.0.1, port: %[1]s, base_url: "http://localhost:%[1]s/" }
  admin:  { host: 127.0.0.1, port: %[2]s, base_url: "http://127.0.0.1:%[2]s/" }
log: { level: warning }
selfservice:
  default_browser_return_url: http://localhost:4455/
  flows:
    registration:
      enable_legacy_one_step: true
      after:
        passkey:  { hooks: [ %[3]s, { hook: session } ] }
        webauthn: { hooks: [ %[3]s, { hook: session } ] }
    login:
      after:
        passkey:  { hooks: [ %[4]s ] }
        webauthn: { hooks: [ %[4]s ] }
    settings:
      after:
        passkey:  { hooks: [ %[5]s ] }
        webauthn: { hooks: [ %[5]s ] }
  methods:
    password: { enabled: false }
    passkey:
      enabled: true
      config: { rp: { id: localhost, display_name: Test, origins: ["http://localhost:4455"] } }
    webauthn:
      enabled: true
      config: { passwordless: true, rp: { id: localhost, display_name: Test, origins: ["http://localhost:4455"] } }
identity:
  default_schema_id: default
  schemas: [ { id: default, url: "file://identity.schema.json" } ]
`

const identitySchema = `{
  "$id": "https://example.com/person.json", "title": "Person", "type": "object",
  "properties": {"traits": {"type": "object", "additionalProperties": false, "required": ["username"],
    "properties": {"username": {"type": "string", "title": "User name",
      "ory.sh/kratos": {"credentials": {"passkey": {"display_name": true}, "webauthn": {"identifier": true}}}}}}}
}`

// hookTo is a web hook to the sidecar. %s is the flow.
func hookTo(sidecarURL, path, key string) string {
	return fmt.Sprintf(`{ hook: web_hook, config: { url: "%s%s", method: POST, body: "file://identity.jsonnet", response: { ignore: true }, auth: { type: api_key, config: { in: header, name: Authorization, value: "Bearer %s" } } } }`, sidecarURL, path, key)
}

// startKratos migrates and starts Kratos with three hooks: registration, login
// and settings. With an empty sidecarURL the hooks get no response.
func startKratos(t *testing.T, ports []string, hooks [3]string, more ...string) *realKratos {
	t.Helper()
	return startKratosOn(t, "", ports, hooks, more...)
}

// startKratosOn does so on a database; "" is an SQLite file, which takes one
// writer at a time. More is configuration that is laid over the rest.
func startKratosOn(t *testing.T, dsn string, ports []string, hooks [3]string, more ...string) *realKratos {
	t.Helper()
	k := &realKratos{
		public: "http://localhost:" + ports[0],
		admin:  "http://127.0.0.1:" + ports[1],
		dir:    t.TempDir(),
		dsn:    dsn,
	}
	if dsn == "" {
		k.dsn = "sqlite://" + filepath.Join(k.dir, "kratos.db") + "?_fk=true&mode=rwc"
	}
	for name, content := range map[string]string{
		"kratos.yml":           fmt.Sprintf(kratosYML, ports[0], ports[1], hooks[0], hooks[1], hooks[2]),
		"more.yml":             strings.Join(more, "\n"),
		"identity.schema.json": identitySchema,
		"identity.jsonnet":     "function(ctx) { identity_id: ctx.identity.id, flow_id: ctx.flow.id }",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(k.dir, name), []byte(content), 0o600))
	}
	out, err := k.command(t, "migrate", "sql", "-e", "--yes", "-c", "kratos.yml").CombinedOutput()
	require.NoError(t, err, "%s", out)
	k.start(t)
	return k
}

func (k *realKratos) start(t *testing.T) {
	t.Helper()
	k.process = kratostest.Run(t, k.command(t, "serve", "-c", "kratos.yml", "-c", "more.yml", "--sqa-opt-out", "--dev"), k.admin+"/admin/health/ready")
}

func (k *realKratos) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := kratostest.Command(t, k.dir, args...)
	c.Env = append(c.Env, "DSN="+k.dsn)
	return c
}

// eventually polls until ok, for 30 s at most.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after 30 s still not: %s", what)
		}
	}
}
