// Package kratos starts the real Kratos for tests.
package kratos

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

// Path finds the binary: $OLY_PASSKEY_KRATOS, or bin/kratos of the module. A
// machine without one fails the test with the line that builds it.
func Path(tb testing.TB) string {
	tb.Helper()
	path := os.Getenv("OLY_PASSKEY_KRATOS")
	if path == "" {
		var err error
		path, err = filepath.Abs("../../../bin/kratos")
		require.NoError(tb, err)
	}
	if _, err := os.Stat(path); err != nil {
		require.FailNow(tb, "no kratos found: make kratos, or set OLY_PASSKEY_KRATOS", "%v", err)
	}
	return path
}

// Server is a running Kratos.
type Server struct {
	Public, Admin string // http://127.0.0.1:PORT
	cmd           *exec.Cmd
	log           *Output
	done          chan struct{} // closed when the process has ended
}

// ErrRefused says that Kratos ended instead of becoming ready.
var ErrRefused = errors.New("kratos refused to start")

// ErrPortTaken says that another process was quicker to listen on a port that
// the kernel had called free: choose others and try again.
var ErrPortTaken = errors.New("a port of kratos is taken")

// Ports asks the kernel for two free ports.
func Ports() (public, admin int, err error) {
	ports, err := FreePorts(2)
	if err != nil {
		return 0, 0, err
	}
	return ports[0], ports[1], nil
}

// FreePorts asks the kernel for n ports of the loopback address, all different.
func FreePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		ports[i] = l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // of a TCP listener
	}
	return ports, nil
}

// Start runs Kratos in a folder with its kratos.yml and waits until it serves.
// The configuration has to name the ports itself. A Kratos that ends first is
// ErrRefused with what it said.
func Start(ctx context.Context, path, dir string, public, admin int) (*Server, error) {
	s := &Server{
		Public: fmt.Sprintf("http://127.0.0.1:%d", public),
		Admin:  fmt.Sprintf("http://127.0.0.1:%d", admin),
		log:    &Output{},
		done:   make(chan struct{}),
	}
	s.cmd = exec.Command(path, "serve", "-c", "kratos.yml", "--sqa-opt-out", "--dev")
	s.cmd.Dir = dir
	s.cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir}
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	// Its jsonnet children shall end with it.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	if err := s.await(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if Ready(ctx, s.Admin+"/admin/health/ready") && Ready(ctx, s.Public+"/health/ready") {
			return nil
		}
		select {
		case <-s.done:
			if strings.Contains(s.log.String(), "address already in use") {
				return ErrPortTaken
			}
			return fmt.Errorf("%w: %s", ErrRefused, s.log)
		case <-ctx.Done():
			return fmt.Errorf("kratos did not become ready: %w: %s", ctx.Err(), s.log)
		case <-time.After(20 * time.Millisecond):
		}
	}
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

// Stop ends the process and everything it started.
func (s *Server) Stop() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.done
}

// Log is what Kratos wrote so far.
func (s *Server) Log() string { return s.log.String() }

// Output is what a process prints: written by its copier, read by the test.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *Output) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *Output) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
