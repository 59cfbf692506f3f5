// Package kratostest runs the real Kratos for tests: where its binary is, free
// ports, and a process that is ready or says why not.
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
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Binary finds Kratos: $OLY_PASSKEY_KRATOS, or bin/kratos above the test's
// folder. A machine without one fails the test with the line that builds it.
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

// Command prepares Kratos in a folder, with an environment of its own: whatever
// looks like a key of its configuration would count.
func Command(tb testing.TB, dir string, args ...string) *exec.Cmd {
	tb.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(tb.Context()), Binary(tb), args...)
	cmd.Dir, cmd.WaitDelay = dir, 10*time.Second
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	return cmd
}

// FreePorts are ports on which nothing listens at this moment, no two alike.
func FreePorts(tb testing.TB, n int) []string {
	tb.Helper()
	ports := make([]string, n)
	for i, address := range FreeAddresses(tb, n) {
		_, ports[i], _ = net.SplitHostPort(address) // as a listener has written it
	}
	return ports
}

// FreeAddresses are FreePorts with their host, as 127.0.0.1:PORT.
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

// ErrRefused says that Kratos ended instead of becoming ready.
var ErrRefused = errors.New("kratos refused to start")

// ErrPortTaken says that another process was quicker to listen on a port that
// the kernel had called free: choose others and try again.
var ErrPortTaken = errors.New("a port of kratos is taken")

// within is how long a start may take on a busy machine.
const within = time.Minute

// Process is a Kratos that runs.
type Process struct {
	cmd  *exec.Cmd
	log  Output
	done chan struct{} // closed when it has ended
}

// Start runs a prepared `kratos serve`, in a process group of its own, until all
// URLs answer 200. A Kratos that ends first is ErrRefused with what it said.
func Start(ctx context.Context, cmd *exec.Cmd, urls ...string) (*Process, error) {
	p := &Process{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	// Its jsonnet children shall end with it.
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

// Ready tells whether a URL answers 200.
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

// Stop asks the process to end, and waits for it.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(within):
		p.Kill()
	}
}

// Kill ends the process and everything it started.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// Log is what Kratos wrote so far.
func (p *Process) Log() string { return p.log.String() }

// Run is Start for a test: the Kratos that does not start fails it, and one that
// does ends with it.
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

// Output is what a process prints: written by its copier, read by the test.
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

// String is what was printed so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
