//go:build realkratos

package audit_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
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

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/audit"
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

// realKratos is a real Kratos on an SQLite file, which is filled while it is
// stopped: passkeys cannot be imported up to v26.2.0.
type realKratos struct {
	bin, dir, admin string
	process         *exec.Cmd
	log             bytes.Buffer
}

func newRealKratos(t *testing.T) *realKratos {
	t.Helper()
	k := &realKratos{bin: os.Getenv("OLY_PASSKEY_KRATOS"), dir: t.TempDir()}
	if k.bin == "" {
		abs, err := filepath.Abs("../../bin/kratos")
		require.NoError(t, err)
		k.bin = abs
	}
	if _, err := os.Stat(k.bin); err != nil {
		t.Fatalf("no Kratos (%v); build it: make kratos", err)
	}
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Fatalf("no sqlite3 (%v); install it: apt-get install -y --no-install-recommends sqlite3", err)
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
	c := exec.CommandContext(context.Background(), k.bin, args...)
	c.Dir = k.dir
	c.Env = []string{"DSN=sqlite://" + filepath.Join(k.dir, "kratos.db") + "?_fk=true&mode=rwc", "PATH=" + os.Getenv("PATH")}
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
		require.True(t, time.Now().Before(deadline), "Kratos is not ready after 30 s")
	}
}

func (k *realKratos) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, k.process.Process.Signal(syscall.SIGTERM))
	require.NoError(t, k.process.Wait(), "%s", k.log.String())
}

// sql runs statements on Kratos' database and answers what they print.
func (k *realKratos) sql(t *testing.T, statements string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "sqlite3", "-bail", filepath.Join(k.dir, "kratos.db"))
	c.Stdin = strings.NewReader(statements)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

// seed writes what fakekratos makes into the database of the real one.
func (k *realKratos) seed(t *testing.T, f *fakekratos) {
	t.Helper()
	nid := k.sql(t, "select id from networks")
	require.NotEmpty(t, nid)
	types := map[string]string{}
	for line := range strings.Lines(k.sql(t, "select name || ' ' || id from identity_credential_types")) {
		name, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		types[name] = id
	}
	const now = "'2026-11-01 00:00:00'"
	var b strings.Builder
	b.WriteString("begin;\n")
	credential := func(identity uuid.UUID, kind string, c *kratosadmin.Credentials) {
		if c == nil {
			return
		}
		id := uuid.New()
		_, _ = fmt.Fprintf(&b, "insert into identity_credentials values ('%s','%s','%s','%s',%s,%s,'%s',1);\n", id, configOf(t, c.Config), types[kind], identity, now, now, nid)
		for _, name := range c.Identifiers {
			_, _ = fmt.Fprintf(&b, "insert into identity_credential_identifiers values ('%s','%s','%s',%s,%s,'%s','%s');\n", uuid.New(), name, id, now, now, nid, types[kind])
		}
	}
	for i := range f.n {
		one, _ := f.identity(i)
		_, _ = fmt.Fprintf(&b, "insert into identities (id,schema_id,traits,created_at,updated_at,nid,state) values ('%s','default','{}',%s,%s,'%s','active');\n", one.ID, now, now, nid)
		credential(one.ID, "passkey", one.Passkey)
		credential(one.ID, "webauthn", one.WebAuthn)
		if one.Recovery {
			_, _ = fmt.Fprintf(&b, "insert into identity_recovery_addresses values ('%s','email','p%d@example.com','%s',%s,%s,'%s');\n", uuid.New(), i, one.ID, now, now, nid)
		}
	}
	b.WriteString("commit;\n")
	k.sql(t, b.String())
}

// configOf writes a configuration as Kratos stores it
// (identity.CredentialsWebAuthnConfig at v1.3.1).
func configOf(t *testing.T, c *kratosadmin.Config) string {
	t.Helper()
	keys := []map[string]any{}
	for _, key := range c.Keys {
		keys = append(keys, map[string]any{
			"id": base64.StdEncoding.EncodeToString(key.ID), "public_key": "pQEC", "attestation_type": "none",
			"display_name": "", "added_at": key.AddedAt, "is_passwordless": key.Passwordless,
			"authenticator": map[string]any{"aaguid": base64.StdEncoding.EncodeToString(key.Authenticator.AAGUID), "sign_count": 0, "clone_warning": false},
			"flags":         map[string]bool{"user_present": true, "user_verified": true, "backup_eligible": key.Flags.BackupEligible, "backup_state": key.Flags.BackupState},
		})
	}
	raw, err := json.Marshal(map[string]any{"credentials": keys, "user_handle": base64.StdEncoding.EncodeToString(c.UserHandle)})
	require.NoError(t, err)
	return string(raw)
}

// counted is the audit in SQL, written without a look at the other one.
const counted = `
create temp view kinds as select c.*, t.name kind from identity_credentials c join identity_credential_types t on t.id = c.identity_credential_type_id;
create temp view keys as select k.identity_id, k.kind, j.value from kinds k, json_each(k.config, '$.credentials') j;
create temp table people as select i.id,
  (select count(*) from keys where identity_id = i.id and kind = 'passkey') passkeys,
  (select count(*) from keys where identity_id = i.id and kind = 'webauthn' and json_extract(value, '$.is_passwordless')) legacy,
  (select count(*) from identity_recovery_addresses r where r.identity_id = i.id) recovery
  from identities i;
select count(*) from people where passkeys > 0 and legacy = 0;
select count(*) from people where passkeys = 0 and legacy > 0;
select count(*) from people where passkeys > 0 and legacy > 0;
select count(*) from people where passkeys = 0 and legacy = 0;
select sum(passkeys) from people;
select count(*) from keys where json_extract(value, '$.flags.backup_state');
select (select count(*) from identity_credential_identifiers d join identity_credential_types t on t.id = d.identity_credential_type_id where t.name = 'passkey') - (select sum(passkeys) from people);
select count(*) from people where passkeys + legacy = 1 and recovery = 0;
select coalesce(sum(n - 1), 0) from (select count(distinct identity_id) n from keys group by json_extract(value, '$.id'));
`

// TestRealKratos audits 10,000 identities of a real Kratos, is interrupted and
// goes on, and is right to the last number.
func TestRealKratos(t *testing.T) {
	k := newRealKratos(t)
	k.start(t) // the first start makes the network that every row belongs to
	k.stop(t)
	k.seed(t, &fakekratos{n: 10_000})
	var want tally
	_, err := fmt.Sscan(k.sql(t, counted), &want.passkeyOnly, &want.legacyOnly, &want.both, &want.neither,
		&want.passkeys, &want.synced, &want.stale, &want.lockedOut, &want.duplicates)
	require.NoError(t, err)
	k.start(t)
	t.Cleanup(func() { k.stop(t) })

	c, err := kratosadmin.New(kratosadmin.Options{URL: k.admin})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	o := audit.Options{Kratos: c, Source: k.admin, State: filepath.Join(t.TempDir(), "state")}
	o.Progress = func(p kratosadmin.Progress) {
		if p.Identities >= 4000 {
			cancel()
		}
	}
	_, err = audit.Run(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	o.Progress = nil
	r, err := audit.Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, 10_000, r.Summary.Identities)
	requireCounts(t, want, r.Summary)
	seeded := (&fakekratos{n: 10_000}).count()
	require.Equal(t, want, seeded, "SQL and what was seeded agree, too")
	require.NoError(t, r.Close())
}
