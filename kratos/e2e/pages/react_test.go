package pages

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/demo"
)

// TestReact builds the example with npm's packages and walks it: the application
// on one origin, Kratos on another, configured as the example is.
func TestReact(t *testing.T) {
	t.Parallel()
	example := filepath.Join(root, "examples", "react")
	original, err := os.ReadFile(filepath.Join(root, "templates", "ui", "passkey.js"))
	require.NoError(t, err)
	copied, err := os.ReadFile(filepath.Join(example, "src", "passkey.js"))
	require.NoError(t, err)
	require.Equal(t, string(original), string(copied), "cp templates/ui/passkey.js examples/react/src/")

	built := buildReact(t, example)
	app := httptest.NewUnstartedServer(nil)
	origin := fmt.Sprintf("http://localhost:%d", portOf(app))
	s := start(t, setup.PasskeyFirst, func(o *demo.Options) { o.Origins = []string{origin} })
	app.Config.Handler = withDocumented(t, withKratos(built, s.KratosURL), s.KratosURL)
	app.Start()
	t.Cleanup(app.Close)
	t.Run("walk", func(t *testing.T) { reactWalk(t, s, origin) })
	t.Run("autofill", func(t *testing.T) { reactAutofill(t, s, origin) })
	t.Run("the page of the documentation", func(t *testing.T) { documentedPage(t, s, origin) })
}

// buildReact runs the build script of package.json into a folder of its own.
func buildReact(t *testing.T, example string) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(example, "node_modules", ".bin", "esbuild")); err != nil {
		t.Fatal("no esbuild; install it: npm ci --prefix examples/react --ignore-scripts")
	}
	require.NoError(t, os.RemoveAll(filepath.Join(example, "dist")))
	build := exec.CommandContext(t.Context(), "npm", "run", "--silent", "build")
	build.Dir = example
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return filepath.Join(example, "dist")
}

func portOf(server *httptest.Server) int {
	address := server.Listener.Addr().String()
	var port int
	_, _ = fmt.Sscanf(address[strings.LastIndex(address, ":"):], ":%d", &port)
	return port
}

// withKratos serves the folder, with this run's Kratos in the page.
func withKratos(dir, kratosURL string) http.Handler {
	files := http.FileServer(http.Dir(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			files.ServeHTTP(w, r)
			return
		}
		page, err := os.ReadFile(filepath.Join(dir, "index.html"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(strings.Replace(string(page), "http://localhost:4433", kratosURL, 1)))
	})
}

// reactWalk signs up, out and in, adds a passkey on another authenticator, and
// removes it.
func reactWalk(t *testing.T, s *stack, origin string) {
	p := s.newTab(t, withoutAutofill)
	device := p.plugIn("internal")
	p.openReact(origin)
	p.press("Create an account")
	p.showsReact("Create an account")
	p.fill("username", "frida")
	p.press("Create a passkey")
	p.showsReact("Hello, frida")
	identity := p.whoami()
	created := p.last("create")
	require.Empty(t, created.Attachment)
	require.Equal(t, "frida", created.UserName)
	p.until(`[...document.querySelectorAll("li button")].map((button) => button.disabled).join()`, "true") // the only way in
	p.screenshots("react-account")

	p.press("Sign out")
	p.showsReact("Sign in")
	p.screenshots("react-sign-in")
	p.press("Sign in with a passkey")
	p.showsReact("Hello, frida")
	require.Equal(t, created.UserID, p.last("get").UserHandle)
	require.Equal(t, identity, p.whoami())
	p.resolvesTo(created.UserID, identity, "passkey", "active")

	// The same authenticator again, then a key.
	p.press("Add a passkey")
	p.until(`document.querySelector("[role=status]").innerText`, "You already have a passkey on this device or security key.")
	device.touch(false)
	key := p.plugIn("usb")
	p.press("Add a passkey")
	p.until(`document.querySelectorAll("li").length`, "2")
	require.Len(t, key.credentials(), 1)
	p.resolvesTo(p.last("create").UserID, identity, "passkey", "active")
	p.click(`button[value="` + p.hexID(key) + `"]`)
	p.until(`document.querySelectorAll("li").length`, "1")

	// Left while it waits, and tried again.
	p.press("Sign out")
	p.showsReact("Sign in")
	key.touch(false)
	p.press("Sign in with a passkey")
	p.press("Create an account") // while it waits
	p.showsReact("Create an account")
	p.press("Already have an account? Sign in")
	p.showsReact("Sign in")
	device.touch(true) // the key still has a passkey that opens nothing
	p.press("Sign in with a passkey")
	p.showsReact("Hello, frida")
	require.Equal(t, identity, p.whoami())
}

// reactAutofill signs in without a click, in strict mode, which starts every
// effect twice.
func reactAutofill(t *testing.T, s *stack, origin string) {
	p := s.newTab(t)
	device := p.plugIn("internal")
	device.touch(false)
	p.openReact(origin)
	p.press("Create an account")
	p.showsReact("Create an account")
	p.fill("username", "gerty")
	device.touch(true)
	p.press("Create a passkey")
	p.showsReact("Hello, gerty")
	identity := p.whoami()
	p.press("Sign out")
	p.until(`JSON.parse(sessionStorage.getItem("e2e-ceremonies")).some((one) => one.Verb === "get" && !one.Error)`, "true")
	p.showsReact("Hello, gerty")
	got := p.last("get")
	require.Equal(t, "conditional", got.Mediation)
	require.Equal(t, identity, p.whoami())
	p.resolvesTo(got.UserHandle, identity, "passkey", "active")
	for _, c := range p.ceremonies() {
		require.Contains(t, []string{"", "AbortError"}, c.Error)
	}
}

func (p *tab) openReact(origin string) {
	p.t.Helper()
	p.navigate(origin + "/")
	p.showsReact("Sign in")
}

func (p *tab) showsReact(heading string) {
	p.t.Helper()
	p.until(`document.querySelector("h1")?.innerText`, heading)
}

// press clicks the first button with that text.
func (p *tab) press(text string) {
	p.t.Helper()
	p.until(`(() => {
		document.querySelector("[data-press]")?.removeAttribute("data-press");
		const button = [...document.querySelectorAll("button")].find((one) => one.innerText === `+quoted(text)+` && !one.disabled);
		button?.setAttribute("data-press", "");
		return !!button;
	})()`, "true")
	p.click("[data-press]")
}
