package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// TestLintOutputIsTame lints configurations in which every text has line breaks, or
// what moves the cursor of a terminal: none of it reaches the log of a workflow.
func TestLintOutputIsTame(t *testing.T) {
	finding := regexp.MustCompile(`^::(error|warning|notice) file=[^\n]*,line=\d+,col=\d+,title=[a-z0-9-]+::`)
	for _, name := range []string{"newlines.yml", "escapes.yml"} {
		text, err := os.ReadFile(filepath.Join("testdata/lint", name))
		require.NoError(t, err)
		text = bytes.ReplaceAll(text, []byte("pwned"), []byte("pwned ##[group]x"))
		for _, args := range [][]string{{"--format", "text"}, {"--format", "text", "--color", "always"}, {"--format", "github"}} {
			t.Run(name+" "+strings.Join(args[1:], " "), func(t *testing.T) {
				// The file's name is the pull request's, too.
				file := filepath.Join(t.TempDir(), "a\n::set-output name=x::pwned\x1b[2J.yml")
				require.NoError(t, os.WriteFile(file, text, 0o600))
				code, stdout, stderr := command(t.Context(), "", append([]string{"lint", file}, args...)...)
				require.Equal(t, cli.ExitFindings, code)
				require.Empty(t, stderr)
				require.Contains(t, stdout, "pwned")
				plain := regexp.MustCompile(`\x1b\[(0|1;3[136])m`).ReplaceAllString(stdout, "") // its own colours
				for line := range strings.SplitSeq(plain, "\n") {
					require.NotContains(t, line, "##[")
					require.NotRegexp(t, `^\s*::set-output`, line)
					if args[1] == "github" && line != "" {
						require.Regexp(t, finding, line)
					}
					require.Negative(t, strings.IndexFunc(line, unicode.IsControl), "%q", line)
				}
			})
		}
	}
}

// TestErrorsAreTame: the CI system does not take an error that quotes a file for a
// workflow command.
func TestErrorsAreTame(t *testing.T) {
	file := filepath.Join(t.TempDir(), "project.yaml")
	require.NoError(t, os.WriteFile(file, []byte("environments:\n  \"a\\n::set-output name=x::y\\e[2J\": 1\n"), 0o600))
	_, _, stderr := command(t.Context(), "", "lint", "--project", file, "--environment", "b")
	require.NotEmpty(t, stderr)
	require.NotRegexp(t, `(?m)^\s*::set-output`, stderr)
	require.NotContains(t, stderr, "\x1b")
}

// TestCommandsEndWhenInterrupted: a signal ends every command that waits for input.
func TestCommandsEndWhenInterrupted(t *testing.T) {
	for _, line := range []string{
		"lint -",
		"matrix -",
		"explain",
		"upgrade-check -c - --to v26.2.0",
		"predict --batch",
		"handle decode -",
		"handle encode -",
		"resolve -",
		"android-origin -",
		"doctor https://example.com -c -",
		"wellknown generate webauthn -c -",
		"wellknown check -c -",
		"wellknown serve -c -",
	} {
		t.Run(line, func(t *testing.T) {
			stdin, write := io.Pipe()
			t.Cleanup(func() { _ = write.Close() })
			ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer stop()
			var stdout, stderr bytes.Buffer
			ended := make(chan int, 1)
			go func() {
				ended <- run(ctx, strings.Fields(line), &app{stdin: stdin, stdout: &stdout, stderr: &stderr})
			}()
			select {
			case code := <-ended:
				require.Equal(t, cli.ExitFailed, code)
				require.Equal(t, "oly-passkey: error: interrupted: context deadline exceeded\n", stderr.String())
			case <-time.After(10 * time.Second):
				require.Fail(t, "it does not end")
			}
		})
	}
}

// TestLintSendsTheKeyNowhereElse: a redirect of the sidecar does not get the key.
func TestLintSendsTheKeyNowhereElse(t *testing.T) {
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	key, config := filepath.Join(dir, "key"), filepath.Join(dir, "kratos.yml")
	require.NoError(t, os.WriteFile(key, []byte("read:oly_read_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"), 0o600))
	require.NoError(t, os.WriteFile(config, []byte("dsn: memory\n"), 0o600))
	code, _, stderr := command(t.Context(), "", "lint", config, "--sidecar", server.URL, "--api-key-file", key)
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "is not an oly-passkey sidecar (307 Temporary Redirect")
	require.Zero(t, asked)
}

// TestPasswordsInURLsAreNotPrinted asks every command that takes a URL.
func TestPasswordsInURLsAreNotPrinted(t *testing.T) {
	page := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(page.Close)
	host := strings.TrimPrefix(page.URL, "http://")
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(key, []byte("read:oly_read_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nresolve:oly_resolve_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"), 0o600))
	for _, base := range []string{"http://user:hunter2@" + host, "ftp://user:hunter2@" + host, "http://user:hunter2%zz@" + host, "user:hunter2@" + host, "http://user:hunter2@", "http://user:hunter2@256.256.256.256/"} {
		for _, args := range [][]string{
			{"doctor", base},
			{"doctor", base, "--format", "json"},
			{"doctor", base, "--format", "html"},
			{"doctor", page.URL, "--kratos-url", base},
			{"doctor", page.URL, "--admin-url", base},
			{"doctor", page.URL, "--sidecar", base, "--api-key-file", key, "--insecure-http"},
			{"lint", "testdata/lint/newlines.yml", "--sidecar", base, "--api-key-file", key, "--insecure-http", "--quiet"},
			{"lint", "testdata/lint/newlines.yml", "--sidecar", base, "--quiet"},
			{"lint", "--ory-project", networkID, "--ory-api-url", base, "--ory-api-key-file", key},
			{"resolve", "--sidecar", base, "--api-key-file", key, "AAAA"},
			{"audit", "--kratos-admin-url", base},
			{"wellknown", "check", "webauthn", "--rp-id", "example.com", "--base-url", base},
		} {
			t.Run(strings.Join(args, " "), func(t *testing.T) {
				ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
				defer stop()
				_, stdout, stderr := command(ctx, "", args...)
				require.NotContains(t, stdout+stderr, "hunter2")
				require.NotEmpty(t, stdout+stderr)
			})
		}
	}
}
