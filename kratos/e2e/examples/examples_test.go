package examples

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/kratos/e2e/chromium"
)

// TestLocalhost runs examples/localhost: init adds the secrets and nothing else, and
// a user signs up and in with a passkey.
func TestLocalhost(t *testing.T) {
	t.Parallel()
	program := build(t, root, "./cmd/oly-passkey")
	dir := filepath.Join(t.TempDir(), "localhost")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples", "localhost"))))
	said := initialise(t, program, "--preset", "localhost", "--app-name", "Example", "--sign-up", "passkey-first", "--dir", dir)
	require.Contains(t, said, "unchanged  "+filepath.Join(dir, "kratos.yml")+"\n")
	require.Contains(t, said, "unchanged  "+filepath.Join(dir, "README.md")+"\n")
	require.Contains(t, said, "created    "+filepath.Join(dir, "kratos.env")+"\n")
	d := deploy(t, dir, pages(t, program), program, ports{4433, 4434, 4455, 4477, 4478}, "passkey-first")

	p := newTab(t)
	p.signUp(d, "ada")
	p.signOut()
	p.signIn()
}

// TestTwoKratos runs the layout of examples/two-kratos on localhost: a user who is
// signed in to one Kratos stays so when visiting the other.
func TestTwoKratos(t *testing.T) {
	t.Parallel()
	program := build(t, root, "./cmd/oly-passkey")
	dir := t.TempDir()
	initialise(t, program, "--preset", "two-kratos", "--domain", "localhost", "--app-name", "Example", "--sign-up", "passkey-first", "--dir", dir)
	server := pages(t, program)
	customers := deploy(t, filepath.Join(dir, "customers"), server, program, ports{4433, 4434, 4455, 4477, 4478}, "passkey-first")
	staff := deploy(t, filepath.Join(dir, "staff"), server, program, ports{4443, 4444, 4465, 4487, 4488}, "code-first")

	p := newTab(t)
	p.signUp(customers, "grace")
	p.open(staff.url + "/login")
	p.at("/login", "Sign in")
	p.open(staff.url + "/registration")
	p.until(`document.querySelector("input[name^='traits.']") === null`, "true") // closed
	p.open(customers.url + "/")
	p.at("/", "Hello, grace")
	p.signOut()
	p.signIn()
}

// initialise runs `oly-passkey init` and returns its output.
func initialise(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append([]string{"init"}, args...)...)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// pages builds the ones that init writes.
func pages(t *testing.T, program string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pages")
	initialise(t, program, "--preset", "localhost", "--ui", "--dir", dir)
	return build(t, filepath.Join(dir, "ui"), "./server")
}

// tab is a browser with a platform authenticator.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// withoutAutofill disables passkeys in autofill, because a virtual authenticator
// would accept them before a button can be clicked.
const withoutAutofill = `if (globalThis.PublicKeyCredential) {
  const real = PublicKeyCredential.getClientCapabilities.bind(PublicKeyCredential);
  PublicKeyCredential.getClientCapabilities = async () => ({ ...(await real()), conditionalGet: false });
}`

func newTab(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium.Start(t, nil, chromedp.Flag("lang", "en-US")))
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	require.NoError(t, chromedp.Do(ctx))
	_, err := chromium.AddAuthenticator(ctx, webauthn.AuthenticatorTransportInternal)
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: withoutAutofill})
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			said, err := p.try(`location.href + "\n" + document.body.innerText`)
			t.Logf("the page: %s %v", said, err)
		}
	})
	return p
}

// signUp makes an account that has a passkey from the start.
func (p *tab) signUp(d deployment, name string) {
	p.t.Helper()
	p.open(d.url + "/registration")
	p.at("/registration", "Create an account")
	p.until(`(document.querySelector('input[name="traits.username"]').value = `+strconv.Quote(name)+`)`, name)
	p.click(`button[name="method"][value="profile"]`)
	p.at("/registration", "Choose how to sign in")
	p.click(`form[data-passkey="register"][data-method="passkey"] [data-passkey-start]`)
	p.at("/", "Hello, "+name)
}

func (p *tab) signOut() {
	p.t.Helper()
	p.click(`form[action="/logout"] button`)
	p.at("/login", "Sign in")
}

// signIn signs in without a username: the passkey identifies the account.
func (p *tab) signIn() {
	p.t.Helper()
	p.click(`form[data-passkey="sign-in"][data-method="passkey"] [data-passkey-start]`)
	p.until(`location.pathname + " " + document.querySelector("h1")?.innerText.split(",")[0]`, "/ Hello")
}

func (p *tab) open(url string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	require.NoError(p.t, chromedp.Do(ctx, chromedp.Navigate(url)))
}

// click waits for a button and presses it.
func (p *tab) click(css string) {
	p.t.Helper()
	button := `document.querySelector(` + strconv.Quote(css) + `)`
	p.until(`document.readyState + " " + !!`+button, "complete true")
	_, err := p.try(button + `.click()`)
	require.NoError(p.t, err)
}

func (p *tab) at(path, heading string) {
	p.t.Helper()
	p.until(`document.readyState + " " + location.pathname + " " + document.querySelector("h1")?.innerText`, "complete "+path+" "+heading)
}

// until polls an expression until it is the wanted text.
func (p *tab) until(expression, want string) {
	p.t.Helper()
	got := ""
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		text, err := p.try(expression)
		if err == nil && text == want {
			return
		}
		got = text
		if err != nil {
			got = err.Error()
		}
	}
	p.t.Fatalf("%s is %q after %s, want %q", expression, got, within, want)
}

// try returns the value of an expression as text.
func (p *tab) try(expression string) (string, error) {
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	yes := true
	result, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: "(async () => String(await (" + expression + ")))()", AwaitPromise: &yes, ReturnByValue: &yes, UserGesture: &yes,
	})
	switch {
	case err != nil:
		return "", err
	case result.ExceptionDetails != nil:
		return "", &scriptError{result.ExceptionDetails.Text}
	}
	var text string
	err = json.Unmarshal([]byte(result.Result.Value), &text)
	return text, err
}

type scriptError struct{ text string }

func (e *scriptError) Error() string { return e.text }
