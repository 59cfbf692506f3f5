package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// FindKratos returns the binary to run: the given path, or bin/kratos, or kratos in
// PATH.
func FindKratos(given string) (string, error) {
	candidates := []string{given}
	if given == "" {
		candidates = []string{filepath.Join("bin", "kratos"), "kratos"}
	}
	for _, c := range candidates {
		if path, err := exec.LookPath(c); err == nil {
			return filepath.Abs(path)
		}
	}
	if given != "" {
		return "", fmt.Errorf("cannot run the kratos binary %q; install one (github.com/ory/kratos/releases), or build it with: make kratos", given)
	}
	return "", errors.New("no kratos binary found in bin/kratos or PATH; install one (github.com/ory/kratos/releases) or pass --kratos-bin")
}

// Time limits of Kratos on a busy machine.
const (
	startWithin = 60 * time.Second
	stopWithin  = 10 * time.Second
)

// kratos is the server as a child process. Its environment is minimal, because
// variables could set keys of its configuration.
type kratos struct {
	bin, dir string
	environ  []string
	log      string // file that its output is added to
	admin    string // URL
}

// command returns a command that runs in the directory that Kratos resolves file://
// URLs from. It is terminated when the context is cancelled, and killed if it does
// not exit.
func (k *kratos) command(ctx context.Context, out *os.File, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, k.bin, args...) //nolint:gosec // the binary is the user's choice
	c.Dir = k.dir
	c.Env = k.environ
	c.Stdout, c.Stderr = out, out
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = stopWithin
	ownGroup(c)
	return c
}

func (k *kratos) open() (*os.File, error) {
	return os.OpenFile(k.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func (k *kratos) migrate(ctx context.Context) error {
	log, err := k.open()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	if err := k.command(ctx, log, "migrate", "sql", "-e", "--yes", "-c", "kratos.yml").Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("kratos migrate sql: %w\n%s", err, k.lastWords())
	}
	return nil
}

// serve runs Kratos until the context is cancelled; it is an error if Kratos exits
// before.
func (k *kratos) serve(ctx context.Context) error {
	log, err := k.open()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	err = k.command(ctx, log, "serve", "-c", "kratos.yml", "--sqa-opt-out", "--dev", "--watch-courier").Run()
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("kratos exited unexpectedly: %w\n%s", err, k.lastWords())
}

// waitReady polls until Kratos is ready. The caller watches the process, in case
// another Kratos responds on that port.
func (k *kratos) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startWithin, fmt.Errorf("kratos is not ready after %s; see %s", startWithin, k.log))
	defer cancel()
	client := &http.Client{Timeout: time.Second}
	for {
		if k.isReady(ctx, client) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (k *kratos) isReady(ctx context.Context, client *http.Client) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.admin+"/admin/health/ready", nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// lastWords returns the end of Kratos' log, which contains its error.
func (k *kratos) lastWords() string {
	log, err := os.ReadFile(k.log)
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	const keep = 10
	if len(lines) > keep {
		lines = lines[len(lines)-keep:]
	}
	return strings.TrimSpace(string(bytes.Join(lines, []byte("\n"))))
}
