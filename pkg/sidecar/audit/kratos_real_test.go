//go:build realkratos

package audit_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/internal/testing/postgrestest"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/audit"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
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
	dir, admin, dsn string
	process         *kratostest.Process
}

func newRealKratos(t *testing.T) *realKratos {
	t.Helper()
	k := &realKratos{dir: t.TempDir(), dsn: postgrestest.Start(t).DSN("postgres")}
	ports := kratostest.FreePorts(t, 2)
	k.admin = "http://127.0.0.1:" + ports[1]
	for name, content := range map[string]string{"kratos.yml": fmt.Sprintf(kratosYML, ports[0], ports[1]), "identity.schema.json": identitySchema} {
		require.NoError(t, os.WriteFile(filepath.Join(k.dir, name), []byte(content), 0o600))
	}
	out, err := k.command(t, "migrate", "sql", "-e", "--yes", "-c", "kratos.yml").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return k
}

func (k *realKratos) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	socket, _, _ := strings.Cut(strings.TrimPrefix(k.dsn, "host="), " ")
	c := kratostest.Command(t, k.dir, args...)
	c.Env = append(c.Env, "DSN=postgres://test@/postgres?host="+socket)
	return c
}

func (k *realKratos) start(t *testing.T) {
	t.Helper()
	k.process = kratostest.Run(t, k.command(t, "serve", "-c", "kratos.yml", "--sqa-opt-out", "--dev"), k.admin+"/admin/health/ready")
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
	k.process.Stop()
	want := k.count(t)
	k.start(t)

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
