package pages

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// The words for each way that a ceremony may end.
const (
	cancelled         = "No passkey was used. Try again, use your phone, or sign in another way."
	cancelledRegister = "Nothing was saved. Try again or use another device. If you used a security key, make sure that it has a PIN and isn’t full."
	notHere           = "This device or security key can’t store a passkey for this site. Try your phone or another security key."
	wrongSite         = "Passkeys don’t work at this web address. Use another way for now, and please let the site’s owner know."
	alreadyRegistered = "You already have a passkey on this device or security key. You can sign in with it."
	unsupported       = "This browser doesn’t support passkeys. Use a newer browser or another way."
	failed            = "That didn’t work. Reload the page and try again, or use another way."
)

// results ends ceremonies in every way that is not success.
func results(t *testing.T, s *stack) {
	t.Run("nobody touches it", func(t *testing.T) {
		p := s.newTab(t, withoutAutofill)
		p.plugIn("internal").touch(false)
		p.open("/login")
		p.at("/login", "Sign in")
		p.set("sign-in", "passkey", "timeout", "200")
		p.start("sign-in", "passkey")
		p.says(cancelled)
		p.screenshots("cancelled")
		require.Equal(t, "TimeoutError", p.ceremonies()[0].Error)
		require.Equal(t, "Sign in with a passkey", p.eval(`document.activeElement.innerText`), "the button has the focus again")
	})
	t.Run("the page is left for another call", func(t *testing.T) { autofillGivesWay(t, s) })
	t.Run("two calls at once", func(t *testing.T) { twoCallsAtOnce(t, s) })
	t.Run("already registered", func(t *testing.T) {
		p := s.newTab(t, withoutAutofill)
		p.plugIn("internal")
		p.signUpWithPasskey("ida")
		p.open("/settings")
		p.at("/settings", "Settings")
		p.start("register", "passkey")
		p.says(alreadyRegistered)
		p.screenshots("already-registered")
	})
	t.Run("no authenticator of that kind", func(t *testing.T) {
		p := s.newTab(t, withoutAutofill)
		p.plugIn("usb")
		p.chooseName("klara")
		p.set("register", "passkey", "attachment", "platform")
		p.start("register", "passkey")
		p.says(notHere)
		require.Empty(t, p.ceremonies(), "the browser would hang, so it is not asked")
	})
	t.Run("a security key without room", func(t *testing.T) {
		p := s.newTab(t, withoutAutofill)
		p.plugIn("usb", withoutResidentKeys)
		p.chooseName("laura")
		p.set("register", "passkey", "timeout", "2000")
		p.start("register", "passkey")
		p.until(`!!document.querySelector("[data-passkey-status]").innerText && !document.querySelector("[data-passkey-start]").disabled`, "true")
		require.Contains(t, []string{notHere, cancelledRegister}, p.text("[data-passkey-status]"))
	})
	t.Run("options that are none", func(t *testing.T) {
		p := s.newTab(t, withoutAutofill)
		p.plugIn("internal")
		p.open("/login")
		p.at("/login", "Sign in")
		p.eval(`document.querySelector("[name=passkey_challenge]").value = "{"`)
		p.start("sign-in", "passkey")
		p.says(failed)
	})
	t.Run("a browser without passkeys", func(t *testing.T) {
		p := s.newTab(t, `delete globalThis.PublicKeyCredential`)
		p.open("/login")
		p.at("/login", "Sign in")
		p.says(unsupported)
		p.screenshots("unsupported")
		require.Equal(t, "true", p.eval(`document.querySelector("form[data-passkey]").hidden`))
		require.Equal(t, "Send me a code", p.text("button[name=method][value=code]"))
		require.Equal(t, "true", p.eval(`document.querySelector("button[name=method][value=webauthn]").hidden`))
	})
	t.Run("a page of the wrong site", func(t *testing.T) { wrongSitePage(t, s) })
}

// autofillGivesWay clicks while the browser offers passkeys in the name's list:
// it allows one request at a time.
func autofillGivesWay(t *testing.T, s *stack) {
	p := s.newTab(t)
	p.plugIn("internal").touch(false)
	p.open("/login")
	p.at("/login", "Sign in")
	p.until(`!document.querySelector("form[data-passkey]").hidden`, "true")
	for range 2 { // and the offer is there again after each
		p.set("sign-in", "passkey", "timeout", "200")
		p.start("sign-in", "passkey")
		p.says(cancelled)
	}
	var ends []string
	for _, c := range p.ceremonies() {
		ends = append(ends, c.Mediation+" "+c.Error)
	}
	require.Equal(t, []string{"conditional AbortError", " TimeoutError", "conditional AbortError", " TimeoutError"}, ends)
}

// twoCallsAtOnce: the first gives way, whatever the order of their first steps.
// React's strict mode starts every effect twice.
func twoCallsAtOnce(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	p.plugIn("internal").touch(false)
	p.open("/login")
	p.at("/login", "Sign in")
	require.Equal(t, "cancelled:AbortError/cancelled:AbortError/cancelled:TimeoutError", p.eval(`(async () => {
		const { signIn } = await import("/static/passkey.js");
		const form = document.querySelector("form[data-passkey]");
		const results = await Promise.all([1, 2, 3].map(() => signIn(form, { timeout: 200 })));
		return results.map(({ kind, error }) => kind + ":" + error.name).join("/");
	})()`))
}

// wrongSitePage runs the module where rp.id "localhost" is not allowed.
func wrongSitePage(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	p.plugIn("internal")
	p.open("/login")
	p.at("/login", "Sign in")
	challenge := p.eval(`document.querySelector("[name=passkey_challenge]").value`)
	elsewhere := *s.Demo
	elsewhere.URL = "http://other." + s.URL[len("http://"):]
	p.demo = &stack{Demo: &elsewhere, browser: s.browser, artefacts: s.artefacts}
	p.open("/nothing")
	p.at("/nothing", "Something went wrong")
	require.Equal(t, "wrong-site SecurityError", p.eval(`(async () => {
		const { signIn } = await import("/static/passkey.js");
		const nodes = [{ attributes: { name: "passkey_challenge", value: `+strconv.Quote(challenge)+` } }];
		const { kind, error } = await signIn({ ui: { action: "/", nodes } });
		return kind + " " + error.name;
	})()`))
}

// set chooses an option of a ceremony as the page's author would.
func (p *tab) set(what, method, option, value string) {
	p.t.Helper()
	p.eval(`document.querySelector('` + ceremonyForm(what, method) + `').dataset.` + option + ` = ` + strconv.Quote(value))
}

// says waits for the words of the page's live region.
func (p *tab) says(words string) {
	p.t.Helper()
	p.until(`document.querySelector("[data-passkey-status]").innerText`, words)
}
