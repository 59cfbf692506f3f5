package pages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/stretchr/testify/require"
)

// withoutScript signs in by code, removes a passkey and gets back into the
// account in a browser that runs no JavaScript.
func withoutScript(t *testing.T, s *stack) {
	const email = "noether@example.org"
	p := s.newTab(t, withoutAutofill)
	p.plugIn("internal")
	p.signUpByCode(email)
	identity := p.whoami()
	p.start("register", "passkey")
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "1")

	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.withoutScript = true
	p.open("/")
	p.at("/", "Hello, "+email)
	p.click(`form[action="/logout"] button`)
	p.at("/login", "Sign in")
	require.Equal(t, "Passkeys need JavaScript. Everything else on this page works without it.", p.text("noscript .message"))
	require.Equal(t, "true", p.eval(`document.querySelector("form[data-passkey]").hidden`))
	require.Equal(t, "true", p.eval(`document.querySelector("button[name=method][value=webauthn]").hidden`))
	p.screenshots("login-without-script")
	p.signInByCode(email)
	p.at("/", "Hello, "+email)
	require.Equal(t, identity, p.whoami())

	p.open("/settings")
	p.at("/settings", "Settings")
	p.click("[name=passkey_remove]")
	p.until(`document.readyState + document.querySelectorAll("[name=passkey_remove]").length`, "complete0")

	p.open("/")
	p.at("/", "Hello, "+email)
	p.click(`form[action="/logout"] button`)
	p.at("/login", "Sign in")
	p.recover(email)
	require.Equal(t, identity, p.whoami())

	// A password that was set in settings signs in, too.
	p.fill("password", "correct horse battery staple")
	p.submit("method", "password")
	p.until(`document.readyState + document.querySelector(".message.success")?.innerText`, "completeYour changes have been saved!")
	p.screenshots("settings-without-script")
	p.open("/")
	p.at("/", "Hello, "+email)
	p.click(`form[action="/logout"] button`)
	p.at("/login", "Sign in")
	p.fill("identifier", email)
	p.fill("password", "correct horse battery staple")
	p.submit("method", "password")
	p.at("/", "Hello, "+email)
	require.Equal(t, "You signed in with a password.", p.text(".lead"))
	require.Equal(t, identity, p.whoami())
}

// withPasswords enables passwords, which init does not: an address with a password.
func (s *stack) withPasswords(t *testing.T, dir string) {
	t.Helper()
	const name = "identity.password.schema.json"
	schema, err := os.ReadFile(filepath.Join(dir, "identity.schema.json"))
	require.NoError(t, err)
	credentials := `"credentials": {`
	require.Equal(t, 1, strings.Count(string(schema), credentials))
	schema = []byte(strings.Replace(string(schema), credentials, credentials+` "password": { "identifier": true },`, 1))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), schema, 0o600))
	s.reconfigure(t, dir,
		"    password:\n      enabled: false\n", "    password:\n      enabled: true\n      config: { haveibeenpwned_enabled: false }\n",
		"file://identity.schema.json", "file://"+name)
}

// recoverAndAddPasskey lands on settings, and from then on a passkey is enough.
func recoverAndAddPasskey(t *testing.T, s *stack) {
	const email = "kovalevskaya@example.org"
	first := s.newTab(t)
	first.signUpByCode(email)
	identity := first.whoami()

	p := s.newTab(t, withoutAutofill) // a new device
	p.plugIn("internal")
	p.recover(email)
	require.Equal(t, "You’re back in your account. Add a passkey now so that you can sign in next time.", p.text(".message"))
	p.screenshots("recovered")
	p.start("register", "passkey")
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "1")
	p.open("/")
	p.at("/", "Hello, "+email)
	p.signOut()
	p.signIn("passkey")
	p.at("/", "Hello, "+email)
	require.Equal(t, identity, p.whoami())
	p.resolvesTo(p.last("get").UserHandle, identity, "passkey", "active")
}

// signInByCode starts on the sign-in page.
func (p *tab) signInByCode(email string) {
	p.t.Helper()
	before := len(p.demo.codes(p.t, email, loginMail))
	p.fill("identifier", email)
	p.submit("method", "code")
	p.at("/login", "Enter your code")
	p.fill("code", p.demo.nextCode(p.t, email, loginMail, before))
	p.submit("method", "code")
}

// recover starts on any page and ends in settings.
func (p *tab) recover(email string) {
	p.t.Helper()
	before := len(p.demo.codes(p.t, email, recoveryMail))
	p.open("/recovery")
	p.at("/recovery", "Get back into your account")
	p.fill("email", email)
	p.submit("method", "code")
	p.at("/recovery", "Enter your code")
	p.fill("code", p.demo.nextCode(p.t, email, recoveryMail, before))
	p.submit("method", "code")
	p.at("/settings", "Settings")
}
