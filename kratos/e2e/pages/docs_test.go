package pages

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documented returns the code blocks of a language in docs/pages.md.
func documented(t *testing.T, language string) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "pages.md"))
	require.NoError(t, err)
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.+?)```").FindAllStringSubmatch(string(page), -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// TestDocumentedTypes checks what the documentation says in JavaScript against
// the types of passkey.js.
func TestDocumentedTypes(t *testing.T) {
	dir := t.TempDir()
	script, err := os.ReadFile(filepath.Join(root, "templates", "ui", "passkey.js"))
	require.NoError(t, err)
	files := map[string]string{
		"passkey.js":    string(script),
		"tsconfig.json": `{"compilerOptions":{"checkJs":true,"allowJs":true,"noEmit":true,"target":"es2022","module":"es2022","lib":["es2023","dom","dom.iterable"],"types":[]}}`,
	}
	blocks := documented(t, "js")
	require.Len(t, blocks, 3)
	for i, block := range blocks {
		files[fmt.Sprintf("block%d.js", i)] = block
	}
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	out, err := exec.CommandContext(t.Context(), tool(t, ".bin", "tsc"), "-p", dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// withDocumented serves the page of the documentation beside the application,
// with this run's Kratos in it.
func withDocumented(t *testing.T, app http.Handler, kratosURL string) http.Handler {
	t.Helper()
	blocks := documented(t, "html")
	require.Len(t, blocks, 1)
	require.Equal(t, 1, strings.Count(blocks[0], "http://localhost:4433"))
	page := strings.Replace(blocks[0], "http://localhost:4433", kratosURL, 1)
	mux := http.NewServeMux()
	mux.Handle("/", app)
	mux.HandleFunc("GET /documented/sign-in.html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page))
	})
	mux.HandleFunc("GET /documented/passkey.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(root, "templates", "ui", "passkey.js"))
	})
	return mux
}

// documentedPage signs in on it.
func documentedPage(t *testing.T, s *stack, origin string) {
	p := s.newTab(t, withoutAutofill)
	device := p.plugIn("internal")
	p.signUpWithPasskey("doc")
	identity := p.whoami()
	p.signOut()
	p.navigate(origin + "/documented/sign-in.html")
	p.showsReact("Sign in")
	p.accessible()
	device.verifies(false)
	p.press("Sign in with passkey")
	p.until(`document.querySelector("[role=status]")?.innerText`, "Nothing was done. Try again, or choose your phone in the browser's window.")
	device.verifies(true)
	p.navigate(origin + "/documented/sign-in.html")
	p.press("Sign in with passkey")
	p.showsReact("Hello, doc")
	require.Equal(t, identity, p.whoami())
	p.resolvesTo(p.last("get").UserHandle, identity, "passkey", "active")
}
