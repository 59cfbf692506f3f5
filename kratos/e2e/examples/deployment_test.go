// Package examples runs the examples that are for localhost as their README
// says: init adds the keys, a shell reads kratos.env, and the pages that
// `init --ui` writes are built and served.
package examples

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

// root of the main module.
const root = "../../.."

// within is how long anything may take on a busy machine.
const within = 60 * time.Second

// deployment is one folder of init's, running.
type deployment struct {
	url string // of the pages
}

// ports of a folder: as init wrote them, in the order public, admin, pages,
// sidecar, metrics.
type ports [5]int

// deploy starts what is in a folder on ports of its own and with the pages.
func deploy(t *testing.T, dir, pages, program string, written ports, signUp string) deployment {
	t.Helper()
	free := kratostest.FreePorts(t, len(written))
	var pairs []string
	for i := range written {
		pairs = append(pairs, strconv.Itoa(written[i]), free[i])
	}
	config := filepath.Join(dir, "kratos.yml")
	content, err := os.ReadFile(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(config, []byte(strings.NewReplacer(pairs...).Replace(string(content))), 0o600))

	bin := kratostest.Binary(t)
	migrate := exec.CommandContext(t.Context(), "sh", "-c", `env $(cat kratos.env) "$0" migrate sql -e --yes -c kratos.yml`, bin)
	migrate.Dir, migrate.Env = dir, []string{"PATH=" + os.Getenv("PATH")}
	out, err := migrate.CombinedOutput()
	require.NoError(t, err, "%s", out)
	at := func(i int) string { return "127.0.0.1:" + free[i] }
	run(t, dir, nil, program, "serve", "--kratos-admin-url", "http://"+at(1)+"/", "--data-dir", "data", "--api-key-file", "sidecar.key", "--listen", at(3), "--metrics-listen", at(4))
	run(t, dir, nil, "sh", "-c", `exec env $(cat kratos.env) "$0" serve -c kratos.yml --watch-courier --sqa-opt-out`, bin)
	origin := "http://localhost:"
	run(t, dir, []string{"KRATOS_URL=" + origin + free[0], "LISTEN=" + at(2), "SIGN_UP=" + signUp, "APP_NAME=Example"}, pages)
	for _, ready := range []string{"http://" + at(1) + "/admin/health/ready", "http://" + at(4) + "/readyz", "http://" + at(2) + "/static/passkey.js"} {
		await(t, ready)
	}
	return deployment{url: origin + free[2]}
}

// build makes a program of this repository, or of a copy of its pages.
func build(t *testing.T, dir, what string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), filepath.Base(what))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out, what)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	return out
}

// run starts a process that ends with the test.
func run(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Dir, cmd.Env = dir, append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 10 * time.Second
	log := &kratostest.Output{}
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(within):
			_ = cmd.Process.Kill()
		}
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(name), log)
		}
	})
}

func await(t *testing.T, url string) {
	t.Helper()
	require.Eventually(t, func() bool { return kratostest.Ready(t.Context(), url) }, within, 50*time.Millisecond, "%s is not ready", url)
}
