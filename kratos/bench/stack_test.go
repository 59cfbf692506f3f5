package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

func cores() int { return runtime.NumCPU() }

// binary builds the program as it is released, once.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.TempDir(), "oly-passkey-bench-"+strconv.Itoa(os.Getpid()))
	build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./cmd/oly-passkey")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

func program(t *testing.T) string {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	return path
}

// process is something that runs beside the test.
type process struct {
	*exec.Cmd
	log     *bytes.Buffer // to be read after it ended
	started time.Time
	stop    func() // with SIGTERM, and waits
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: cmd, log: &bytes.Buffer{}, started: time.Now()}
	cmd.Stderr = p.log
	if cmd.Stdout == nil {
		cmd.Stdout = p.log
	}
	cmd.WaitDelay = 5 * time.Second
	require.NoError(t, cmd.Start())
	p.stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()
	})
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s:\n%s", cmd.Path, p.log)
		}
	})
	return p
}

// memory returns the memory of the process without the page cache, in MB.
func (p *process) memory(t *testing.T) float64 {
	t.Helper()
	for line := range strings.Lines(read(t, fmt.Sprintf("/proc/%d/status", p.Process.Pid))) {
		if value, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, err := strconv.Atoi(strings.Fields(value)[0])
			require.NoError(t, err)
			return float64(kb) / 1024
		}
	}
	t.Fatal("no RssAnon")
	return 0
}

// The key of every sidecar here.
const key = "bench-key"

// sidecar is oly-passkey serve.
type sidecar struct {
	*process
	addr  string
	ready time.Duration // from its start to its first answer
}

func startSidecar(t *testing.T, args ...string) *sidecar {
	t.Helper()
	keys := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(keys, []byte("hooks:"+key+"\nresolve:"+key+"2\nread:"+key+"3\nadmin:"+key+"4\n"), 0o600))
	free := kratostest.FreeAddresses(t, 2)
	s := &sidecar{addr: free[0]}
	metrics := free[1]
	args = append([]string{"serve", "--api-key-file", keys, "--listen", s.addr, "--metrics-listen", metrics}, args...)
	s.process = start(t, exec.CommandContext(context.Background(), program(t), args...))
	await(t, "the sidecar is ready", time.Millisecond, func() bool { return kratostest.Ready(t.Context(), "http://"+metrics+"/readyz") })
	s.ready = time.Since(s.started)
	return s
}

// await polls until ok, for ten minutes at most.
func await(t *testing.T, what string, pause time.Duration, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); !ok(); time.Sleep(pause) {
		require.False(t, time.Now().After(deadline), "still not: %s", what)
	}
}

// TestMain runs this program as one of the servers that are measured against.
func TestMain(m *testing.M) {
	if role := os.Getenv("OLY_PASSKEY_BENCH_ROLE"); role != "" {
		if err := play(role, os.Getenv("OLY_PASSKEY_BENCH_ARG")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.Remove(path)
	}
	os.Exit(code)
}

// play serves a role on a free port, whose address it prints.
func play(role, arg string) error {
	handler, err := roleHandler(role, arg)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, handler)
}

// startRole starts this program as a server and returns its address.
func startRole(t *testing.T, role, arg string) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(context.Background(), self)
	cmd.Env = append(os.Environ(), "OLY_PASSKEY_BENCH_ROLE="+role, "OLY_PASSKEY_BENCH_ARG="+arg)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout = w
	start(t, cmd)
	require.NoError(t, w.Close())
	addr, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, errors.Join(err, r.Close()))
	return strings.TrimSpace(addr)
}
