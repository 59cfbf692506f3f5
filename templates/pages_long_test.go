//go:build long

package templates_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/templates"
)

// TestPagesAsCopied builds, vets and runs a copy of the pages outside this project,
// without network access.
func TestPagesAsCopied(t *testing.T) {
	files, err := templates.Pages()
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	for name, content := range files {
		write(name, string(content))
	}
	write("documented/documented.go", documented(t))
	for _, args := range [][]string{{"vet", "./..."}, {"build", "-o", "serve", "./server"}} {
		run := exec.CommandContext(t.Context(), "go", args...)
		run.Dir = dir
		run.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
		out, err := run.CombinedOutput()
		require.NoError(t, err, "go %s: %s", strings.Join(args, " "), out)
	}
	serveCopy(t, filepath.Join(dir, "serve"))
}

// documented returns the Go code of docs/pages.md as a program that uses the copy.
func documented(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/pages.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n(.+?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 1)
	return "package documented\n\nimport \"example.com/ui\"\n\nfunc serve() (*ui.Server, error) {\n" + blocks[0][1] + "return pages, err\n}\n"
}

// serveCopy starts the copy, and requests a file and a page.
func serveCopy(t *testing.T, program string) {
	t.Helper()
	server := exec.CommandContext(t.Context(), program)
	server.Env = []string{"KRATOS_URL=https://auth.example.com", "LISTEN=127.0.0.1:0"}
	log, err := server.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() { _, _ = server.Process.Kill(), server.Wait() })
	said, err := bufio.NewReader(log).ReadString('\n')
	require.NoError(t, err)
	listen := regexp.MustCompile(`listen=(\S+)`).FindStringSubmatch(said)
	require.NotNil(t, listen, said)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(path string) (location, body string) {
		response, err := client.Get("http://" + listen[1] + path)
		require.NoError(t, err)
		defer func() { require.NoError(t, response.Body.Close()) }()
		read, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.Header.Get("Location"), string(read)
	}
	login, _ := get("/login")
	require.Equal(t, "https://auth.example.com/self-service/login/browser", login)
	_, script := get("/static/passkey.js")
	original, err := os.ReadFile("ui/passkey.js")
	require.NoError(t, err)
	require.Equal(t, string(original), script)
}
