//go:build realkratos

package sidecar_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// realKratos is a running Kratos on a database file of its own.
type realKratos struct {
	public, admin string // base URLs
	dir           string
	dsn           string
	process       *exec.Cmd
	exited        chan error
	log           *bytes.Buffer
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
// and settings. An empty sidecarURL makes hooks that nobody answers.
func startKratos(t *testing.T, ports [2]string, hooks [3]string, more ...string) *realKratos {
	t.Helper()
	return startKratosOn(t, "", ports, hooks, more...)
}

// startKratosOn does so on a database; "" is an SQLite file, which takes one
// writer at a time. More is configuration that is laid over the rest.
func startKratosOn(t *testing.T, dsn string, ports [2]string, hooks [3]string, more ...string) *realKratos {
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
	out, err := k.command("migrate", "sql", "-e", "--yes", "-c", "kratos.yml").CombinedOutput()
	require.NoError(t, err, "%s", out)
	k.start(t)
	t.Cleanup(func() { k.stop(t) })
	return k
}

func (k *realKratos) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(context.Background(), os.Getenv("OLY_PASSKEY_KRATOS"), args...)
	c.Dir = k.dir
	c.Env = []string{"DSN=" + k.dsn, "PATH=" + os.Getenv("PATH")}
	return c
}

func (k *realKratos) start(t *testing.T) {
	t.Helper()
	k.log = &bytes.Buffer{}
	k.process = k.command("serve", "-c", "kratos.yml", "-c", "more.yml", "--sqa-opt-out", "--dev")
	k.process.Stdout, k.process.Stderr = k.log, k.log
	k.process.WaitDelay = 5 * time.Second
	require.NoError(t, k.process.Start())
	exited, process := make(chan error, 1), k.process
	k.exited = exited
	go func() { exited <- process.Wait() }()
	eventually(t, "kratos is ready", func() bool {
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("kratos ended: %v\n%s", err, k.log.String())
		default:
		}
		resp, err := http.Get(k.admin + "/admin/health/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func (k *realKratos) stop(t *testing.T) {
	t.Helper()
	_ = k.process.Process.Signal(syscall.SIGTERM)
	err := <-k.exited
	k.exited <- err // a second stop finds it again
	if t.Failed() {
		t.Logf("kratos:\n%s", k.log.String())
	}
}

// needKratos fails where there is no Kratos to test with.
func needKratos(t *testing.T) {
	t.Helper()
	bin := os.Getenv("OLY_PASSKEY_KRATOS")
	if bin == "" {
		var err error
		bin, err = filepath.Abs("../../bin/kratos")
		require.NoError(t, err)
		t.Setenv("OLY_PASSKEY_KRATOS", bin)
	}
	if _, err := os.Stat(bin); err != nil {
		t.Fatalf("no Kratos (%v); build it: make kratos", err)
	}
}

func freePorts(t *testing.T) (ports [2]string) {
	t.Helper()
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { require.NoError(t, l.Close()) }()
		_, ports[i], err = net.SplitHostPort(l.Addr().String())
		require.NoError(t, err)
	}
	return ports
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
