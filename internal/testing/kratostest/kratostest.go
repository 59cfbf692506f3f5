// Package kratostest runs the real Kratos in tests: it finds the binary and free
// ports, and starts and stops the process.
package kratostest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Binary returns the path of Kratos: $OLY_PASSKEY_KRATOS, or bin/kratos in a parent
// of the test's directory. Without one, the test fails.
func Binary(tb testing.TB) string {
	tb.Helper()
	if path := os.Getenv("OLY_PASSKEY_KRATOS"); path != "" {
		require.FileExists(tb, path, "build it: make kratos")
		return path
	}
	dir, err := os.Getwd()
	require.NoError(tb, err)
	for ; ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "bin", "kratos")
		if _, err := os.Stat(path); err == nil {
			return path
		}
		if dir == filepath.Dir(dir) {
			require.FailNow(tb, "no kratos found: make kratos, or set OLY_PASSKEY_KRATOS")
		}
	}
}

var printedVersion = regexp.MustCompile(`(?m)^Version:\s+(\S+)$`)

// Version returns the version of Binary as Kratos prints it, such as "v1.3.1".
func Version(tb testing.TB) string {
	tb.Helper()
	out, err := Command(tb, tb.TempDir(), "version").Output()
	require.NoError(tb, err)
	found := printedVersion.FindSubmatch(out)
	require.NotNil(tb, found, "%s", out)
	return string(found[1])
}

// Command prepares Kratos in a directory. Its environment is minimal, because variables
// could set keys of its configuration.
func Command(tb testing.TB, dir string, args ...string) *exec.Cmd {
	tb.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(tb.Context()), Binary(tb), args...)
	cmd.Dir, cmd.WaitDelay = dir, 10*time.Second
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	return cmd
}

// FreePorts returns distinct ports that are currently free.
func FreePorts(tb testing.TB, n int) []string {
	tb.Helper()
	ports := make([]string, n)
	for i, address := range FreeAddresses(tb, n) {
		_, ports[i], _ = net.SplitHostPort(address) // as a listener has written it
	}
	return ports
}

// FreeAddresses returns FreePorts as 127.0.0.1:PORT.
func FreeAddresses(tb testing.TB, n int) []string {
	tb.Helper()
	addresses := make([]string, n)
	for i := range addresses {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(tb, err)
		defer func() { require.NoError(tb, l.Close()) }()
		addresses[i] = l.Addr().String()
	}
	return addresses
}

// ErrRefused is returned if Kratos exits before it is ready.
var ErrRefused = errors.New("kratos did not start")

// ErrPortTaken is returned if another process has taken one of the free ports in the
// meantime: choose others and try again.
var ErrPortTaken = errors.New("a port of kratos is taken")

// within is the time limit of a start on a busy machine.
const within = time.Minute

// Process is a running Kratos.
type Process struct {
	cmd  *exec.Cmd
	log  Output
	done chan struct{} // closed when it has ended
}

// Start starts a prepared `kratos serve` in its own process group, and waits until
// all URLs respond with 200. If Kratos exits first, it returns ErrRefused with its
// output.
func Start(ctx context.Context, cmd *exec.Cmd, urls ...string) (*Process, error) {
	p := &Process{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	// End its jsonnet children with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait()
		close(p.done)
	}()
	if err := p.await(ctx, urls); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

func (p *Process) await(ctx context.Context, urls []string) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		if allReady(ctx, urls) {
			return nil
		}
		select {
		case <-p.done:
			if strings.Contains(p.Log(), "address already in use") {
				return ErrPortTaken
			}
			return fmt.Errorf("%w: %s", ErrRefused, p.Log())
		case <-ctx.Done():
			return fmt.Errorf("kratos did not become ready: %w: %s", ctx.Err(), p.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func allReady(ctx context.Context, urls []string) bool {
	for _, url := range urls {
		if !Ready(ctx, url) {
			return false
		}
	}
	return true
}

// Ready reports whether a URL responds with 200.
func Ready(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// Stop terminates the process, and waits for it.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(within):
		p.Kill()
	}
}

// Kill kills the process and its children.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// Log returns Kratos' output so far.
func (p *Process) Log() string { return p.log.String() }

// Run is Start for a test: it fails the test if Kratos does not start, and stops
// Kratos at the end of the test.
func Run(tb testing.TB, cmd *exec.Cmd, urls ...string) *Process {
	tb.Helper()
	p, err := Start(tb.Context(), cmd, urls...)
	require.NoError(tb, err)
	tb.Cleanup(func() {
		p.Stop()
		if tb.Failed() {
			tb.Logf("kratos:\n%s", p.Log())
		}
	})
	return p
}

// Output collects the output of a process.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String returns the output so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
