package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

// process is the real command in a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  *kratostest.Output
	done chan error
}

// program is a path under which TestMain runs main.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "oly-passkey")
	require.NoError(t, os.Symlink(self, path))
	return path
}

// spawn starts a command with an environment of its own and ends it with the
// test.
func spawn(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, log: &kratostest.Output{}, done: make(chan error, 1)}
	p.cmd = exec.CommandContext(context.Background(), program(t), args...)
	// With -cover a process says where it wanted to write what was covered.
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GOCOVERDIR=" + t.TempDir()}, environ...)
	p.cmd.Stderr, p.cmd.Stdout = p.log, p.log
	require.NoError(t, p.cmd.Start())
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		p.done <- <-p.done // wait for the end; put back for ends
		if t.Failed() {
			t.Log(p.log)
		}
	})
	return p
}

// ends waits until the process has ended without a signal, with exit code 0.
func (p *process) ends() {
	p.t.Helper()
	select {
	case err := <-p.done:
		p.done <- err
		require.NoError(p.t, err, "%s", p.log)
	case <-time.After(30 * time.Second):
		p.t.Fatalf("it does not end\n%s", p.log)
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// logs waits until the log holds a text n times.
func (p *process) logs(n int, text string) {
	p.t.Helper()
	p.becomes("log holds "+text, func() bool { return strings.Count(p.log.String(), text) == n })
}

// becomes polls until ok.
func (p *process) becomes(what string, ok func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("still not after 30 s: %s\n%s", what, p.log)
		}
	}
}

// answers waits until a URL responds with a status.
func (p *process) answers(status int, url string) {
	p.t.Helper()
	p.becomes(url, func() bool {
		got, _ := get(p.t, url)
		return got == status
	})
}

// get returns the status and the body, or 0 if there is no response.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	return request(t, http.DefaultClient, http.MethodGet, url, "", "")
}

func request(t *testing.T, c *http.Client, method, url, key, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	if key != "" {
		req.Header.Set("X-Api-Key", key)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(raw)
}

// write writes a file into a folder and returns its path.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path+".new", []byte(content), 0o600))
	require.NoError(t, os.Rename(path+".new", path)) // so that no reader sees a partial file
	return path
}

// serving is a crowd, its URL, and the addresses of a server for it.
type serving struct {
	crowd                 *fakecrowd
	kratos                string // base URL
	listen, admin, public string // host:port
	dir                   string
}

func newServing(t *testing.T, people int) *serving {
	t.Helper()
	free := kratostest.FreeAddresses(t, 3)
	s := &serving{crowd: &fakecrowd{all: map[uuid.UUID]bool{}}, listen: free[0], admin: free[1], public: free[2], dir: t.TempDir()}
	for range people {
		s.crowd.add(true)
	}
	s.crowd.sort()
	fake := httptest.NewServer(s.crowd)
	t.Cleanup(fake.Close)
	s.kratos = fake.URL
	return s
}

// args are those of serve but for keys.
func (s *serving) args(more ...string) []string {
	return append([]string{
		"serve", "--kratos-admin-url", s.kratos, "--data-dir", filepath.Join(s.dir, "data"), "--listen", s.listen, "--metrics-listen", s.admin,
	}, more...)
}
