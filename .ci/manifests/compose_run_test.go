package manifests_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// stack starts the services of a compose.yml as plain processes: the commands,
// the environment, the files and the health checks are those of the file. What
// only containers have (host names, mounts, their own ports) is written anew, and
// nothing else.
type stack struct {
	t        *testing.T
	dir      string
	project  *types.Project
	here     *strings.Replacer
	programs map[string]string // by the service's image
	api      string
	metrics  string
	admin    string
}

func TestComposeSteps(t *testing.T) {
	dir := written(t, "compose")["code-first"]
	kratos := os.Getenv("OLY_PASSKEY_KRATOS")
	if kratos == "" {
		kratos, _ = filepath.Abs("../../bin/kratos")
	}
	if _, err := os.Stat(kratos); err != nil {
		t.Fatal("no Kratos; build it: make kratos")
	}
	pg := postgresPrograms(t)
	ports := freePorts(t, 5)
	s := &stack{t: t, dir: dir, api: ports[2], metrics: ports[3], admin: ports[1], programs: map[string]string{"kratos": kratos, "migrate": kratos, "sidecar": program}}
	s.here = strings.NewReplacer(
		"@postgres:5432", "@127.0.0.1:"+ports[4],
		"http://kratos:4434", "http://127.0.0.1:"+ports[1],
		"http://sidecar:4477", "http://127.0.0.1:"+ports[2],
		"0.0.0.0:4477", "127.0.0.1:"+ports[2],
		"port: 4433", "port: "+ports[0],
		"port: 4434", "port: "+ports[1],
		"/etc/config/kratos", dir,
		"/run/secrets/", dir+"/",
		"pg_isready", filepath.Join(pg, "pg_isready")+" -h 127.0.0.1 -p "+ports[4],
		"/usr/local/bin/oly-passkey", program,
	)
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "compose.yml")}, cli.WithName("passkeys"), cli.WithInterpolation(true))
	require.NoError(t, err)
	s.project, err = options.LoadProject(t.Context())
	require.NoError(t, err)
	s.rewrite("kratos.yml")

	// In the order that depends_on asks for.
	service := s.project.Services["postgres"]
	startPostgres(t, pg, ports[4], *service.Environment["POSTGRES_USER"], *service.Environment["POSTGRES_DB"], *service.Environment["POSTGRES_PASSWORD"])
	s.healthy("postgres")
	require.Equal(t, "service_healthy", s.project.Services["migrate"].DependsOn["postgres"].Condition)
	out, err := s.command("migrate").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "service_completed_successfully", s.project.Services["kratos"].DependsOn["migrate"].Condition)
	s.start("kratos")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "data"), 0o700))
	s.start("sidecar")
	s.healthy("sidecar")
	s.works()
}

// rewrite gives a mounted file the addresses of this machine.
func (s *stack) rewrite(name string) {
	path := filepath.Join(s.dir, name)
	text, err := os.ReadFile(path)
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(path, []byte(s.here.Replace(string(text))), 0o600))
}

// command is the service's own, with the service's environment and none of this
// machine's.
func (s *stack) command(name string) *exec.Cmd {
	service := s.project.Services[name]
	args := make([]string, len(service.Command))
	for i, a := range service.Command {
		if args[i] = s.here.Replace(a); a == "/data" {
			args[i] = filepath.Join(s.dir, "data")
		}
	}
	c := exec.CommandContext(context.WithoutCancel(s.t.Context()), s.programs[name], args...)
	c.Dir = s.dir
	c.Env = append(c.Env, "PATH="+os.Getenv("PATH"), "OLY_PASSKEY_SERVE_METRICS_LISTEN=127.0.0.1:"+s.metrics)
	for key, value := range service.Environment {
		if value != nil {
			c.Env = append(c.Env, key+"="+s.here.Replace(*value))
		}
	}
	return c
}

// start runs a service until the end of the test, and shows its log when that
// fails.
func (s *stack) start(name string) {
	s.t.Helper()
	var log bytes.Buffer
	c := s.command(name)
	c.Stdout, c.Stderr = &log, &log
	require.NoError(s.t, c.Start())
	s.t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait() // the log tells more than its code
		if s.t.Failed() {
			s.t.Logf("%s: %s", name, &log)
		}
	})
}

// healthy runs a health check as it is written until it succeeds.
func (s *stack) healthy(name string) {
	s.t.Helper()
	check := s.project.Services[name].HealthCheck
	require.NotNil(s.t, check, name)
	var last string
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		test := check.Test
		c := exec.CommandContext(s.t.Context(), "sh", "-c", s.here.Replace(test[len(test)-1]))
		if test[0] == "CMD" {
			c = exec.CommandContext(s.t.Context(), s.here.Replace(test[1]), test[2:]...)
		}
		c.Env = s.command(name).Env
		out, err := c.CombinedOutput()
		if err == nil {
			return
		}
		last = string(out) + err.Error()
	}
	s.t.Fatalf("%s does not become healthy: %s", name, last)
}

// works: the sidecar has read Kratos' identities, and knows that it has none.
func (s *stack) works() {
	s.t.Helper()
	keys, err := os.ReadFile(filepath.Join(s.dir, "sidecar.key"))
	require.NoError(s.t, err)
	_, key, ok := strings.Cut(string(keys), "resolve:")
	require.True(s.t, ok)
	key, _, _ = strings.Cut(key, "\n")
	var status int
	var body string
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://127.0.0.1:"+s.api+"/v1/resolve", strings.NewReader(`{"user_handle":"`+base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{1}, 64))+`"}`))
		require.NoError(s.t, err)
		req.Header.Set("Authorization", "Bearer "+key)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(s.t, err)
		b, err := io.ReadAll(resp.Body)
		require.NoError(s.t, err)
		require.NoError(s.t, resp.Body.Close())
		if status, body = resp.StatusCode, string(b); status == http.StatusNotFound {
			return // not 503: the index is complete
		}
	}
	s.t.Fatalf("the sidecar answers %d: %s", status, body)
}

func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = l.Close() }()
		_, port, err := net.SplitHostPort(l.Addr().String())
		require.NoError(t, err)
		ports = append(ports, port)
	}
	return ports
}

func postgresPrograms(t *testing.T) string {
	t.Helper()
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	if len(bins) == 0 {
		t.Fatal("no PostgreSQL; install it: apt-get install postgresql")
	}
	return bins[len(bins)-1]
}

// startPostgres does what the image of PostgreSQL does when it starts first: a
// cluster whose one user has the password, and a database.
func startPostgres(t *testing.T, bin, port, name, database, password string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "compose-pg-") //nolint:usetesting // t.TempDir is closed to other users
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	credential := &syscall.SysProcAttr{}
	passwordFile := filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(passwordFile, []byte(password+"\n"), 0o600))
	if os.Getuid() == 0 { // initdb refuses root
		u, err := user.Lookup("postgres")
		require.NoError(t, err)
		uid, err := strconv.Atoi(u.Uid)
		require.NoError(t, err)
		gid, err := strconv.Atoi(u.Gid)
		require.NoError(t, err)
		for _, path := range []string{dir, passwordFile} {
			require.NoError(t, os.Chown(path, uid, gid))
		}
		credential.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	run := func(program string, args ...string) *exec.Cmd {
		c := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(bin, program), args...)
		c.Dir, c.SysProcAttr = dir, credential
		return c
	}
	data := filepath.Join(dir, "data")
	out, err := run("initdb", "-D", data, "-U", name, "-A", "scram-sha-256", "--pwfile", passwordFile, "--no-sync", "-E", "UTF8").CombinedOutput()
	require.NoError(t, err, "%s", out)
	single := run("postgres", "--single", "-D", data, "postgres")
	single.Stdin = strings.NewReader(fmt.Sprintf("CREATE DATABASE %q\n", database))
	out, err = single.CombinedOutput()
	require.NoError(t, err, "%s", out)
	server := run("postgres", "-D", data, "-k", dir, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off")
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT)
		_ = server.Wait() // its code says how it was stopped
		if t.Failed() {
			t.Logf("postgres: %s", &log)
		}
	})
}
