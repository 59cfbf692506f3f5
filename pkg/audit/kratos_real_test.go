//go:build realkratos

package audit_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/audit"
	"github.com/olympusoss/oly-passkey/pkg/index/postgres/postgrestest"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
)

const kratosYML = `
serve:
  public: { host: 127.0.0.1, port: %[1]s, base_url: "http://localhost:%[1]s/" }
  admin:  { host: 127.0.0.1, port: %[2]s, base_url: "http://127.0.0.1:%[2]s/" }
log: { level: warning }
selfservice:
  default_browser_return_url: http://localhost:4455/
  methods:
    passkey:
      enabled: true
      config: { rp: { id: localhost, display_name: Test, origins: ["http://localhost:4455"] } }
identity:
  default_schema_id: default
  schemas: [ { id: default, url: "file://identity.schema.json" } ]
`

const identitySchema = `{"$id": "https://example.com/person.json", "title": "Person", "type": "object",
  "properties": {"traits": {"type": "object", "properties": {"name": {"type": "string", "title": "Name",
    "ory.sh/kratos": {"credentials": {"passkey": {"display_name": true}}}}}}}}`

//go:embed testdata/seed.sql
var seedSQL string

//go:embed testdata/count.sql
var countSQL string

// realKratos is a real Kratos on a PostgreSQL of its own.
type realKratos struct {
	bin, dir, admin, dsn string
	process              *exec.Cmd
	log                  bytes.Buffer
}

func newRealKratos(t *testing.T) *realKratos {
	t.Helper()
	k := &realKratos{bin: os.Getenv("OLY_PASSKEY_KRATOS"), dir: t.TempDir(), dsn: postgrestest.Start(t).DSN("postgres")}
	if k.bin == "" {
		abs, err := filepath.Abs("../../bin/kratos")
		require.NoError(t, err)
		k.bin = abs
	}
	if _, err := os.Stat(k.bin); err != nil {
		t.Fatalf("no Kratos (%v); build it: make kratos", err)
	}
	var ports [2]string
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		_, ports[i], err = net.SplitHostPort(l.Addr().String())
		require.NoError(t, err)
		defer func() { require.NoError(t, l.Close()) }()
	}
	k.admin = "http://127.0.0.1:" + ports[1]
	for name, content := range map[string]string{"kratos.yml": fmt.Sprintf(kratosYML, ports[0], ports[1]), "identity.schema.json": identitySchema} {
		require.NoError(t, os.WriteFile(filepath.Join(k.dir, name), []byte(content), 0o600))
	}
	out, err := k.command("migrate", "sql", "-e", "--yes", "-c", "kratos.yml").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return k
}

func (k *realKratos) command(args ...string) *exec.Cmd {
	socket, _, _ := strings.Cut(strings.TrimPrefix(k.dsn, "host="), " ")
	c := exec.CommandContext(context.Background(), k.bin, args...)
	c.Dir = k.dir
	c.Env = []string{"DSN=postgres://test@/postgres?host=" + socket, "PATH=" + os.Getenv("PATH")}
	return c
}

func (k *realKratos) start(t *testing.T) {
	t.Helper()
	k.process = k.command("serve", "-c", "kratos.yml", "--sqa-opt-out", "--dev")
	k.process.Stdout, k.process.Stderr = &k.log, &k.log
	k.process.WaitDelay = 5 * time.Second
	require.NoError(t, k.process.Start())
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(k.admin + "/admin/health/ready")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		require.True(t, time.Now().Before(deadline), "Kratos is not ready after 30 s: %s", &k.log)
	}
}

func (k *realKratos) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, k.process.Process.Signal(syscall.SIGTERM))
	require.NoError(t, k.process.Wait(), "%s", k.log.String())
}

// count seeds the database and counts it in SQL.
func (k *realKratos) count(t *testing.T) map[string]int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), k.dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	_, err = conn.Exec(t.Context(), seedSQL)
	require.NoError(t, err)
	rows, err := conn.Query(t.Context(), countSQL)
	require.NoError(t, err)
	out := make(map[string]int)
	var name string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error {
		out[name] = n
		return nil
	})
	require.NoError(t, err)
	return out
}

// numbers are all of a summary, under the names of its JSON.
func numbers(t *testing.T, s *audit.Summary) map[string]int {
	t.Helper()
	text, err := json.Marshal(s)
	require.NoError(t, err)
	var tree map[string]any
	require.NoError(t, json.Unmarshal(text, &tree))
	out := make(map[string]int)
	for name, v := range tree {
		inner, ok := v.(map[string]any)
		if !ok {
			out[name] = int(v.(float64))
			continue
		}
		for under, n := range inner {
			if f, ok := n.(float64); ok {
				out[name+"/"+under] = int(f)
			}
		}
	}
	return out
}

// TestRealKratos audits 10,000 identities of a real Kratos on PostgreSQL, is
// interrupted and goes on, and is right to the last number.
func TestRealKratos(t *testing.T) {
	k := newRealKratos(t)
	k.start(t) // the first start makes the network that every row belongs to
	k.stop(t)
	want := k.count(t)
	k.start(t)
	t.Cleanup(func() { k.stop(t) })

	c, err := kratosadmin.New(kratosadmin.Options{URL: k.admin})
	require.NoError(t, err)
	forecast, err := audit.NewForecast("new.example.com")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	o := audit.Options{Kratos: c, Source: k.admin, State: filepath.Join(t.TempDir(), "state"), Forecast: forecast}
	o.Progress = func(p kratosadmin.Progress) {
		if p.Identities >= 4000 {
			cancel()
		}
	}
	_, err = audit.Run(ctx, o)
	require.ErrorIs(t, err, context.Canceled)

	var first, most uint64
	o.Forecast, err = audit.NewForecast("new.example.com")
	require.NoError(t, err)
	o.Progress = func(p kratosadmin.Progress) {
		require.GreaterOrEqual(t, p.Resumed, 4000)
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		if first == 0 {
			first = m.HeapAlloc
		}
		most = max(most, m.HeapAlloc)
	}
	r, err := audit.Run(t.Context(), o)
	require.NoError(t, err)
	require.Less(t, most, first+8<<20, "memory grows with the identities")
	require.Equal(t, 10_000, r.Summary.Identities)
	require.Equal(t, want, numbers(t, r.Summary))
	for name, n := range want {
		require.Positive(t, n, "nothing of %s was seeded", name)
	}
	require.NoError(t, r.Close())
}
