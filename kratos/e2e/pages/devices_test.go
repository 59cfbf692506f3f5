package pages

import (
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/stretchr/testify/require"
)

// operatorsChoice checks that what a page asks for reaches the browser.
func operatorsChoice(t *testing.T, s *stack) {
	for _, attachment := range []string{"platform", "cross-platform"} {
		p := s.newTab(t, withoutAutofill)
		p.plugIn(map[string]webauthn.AuthenticatorTransport{"platform": "internal", "cross-platform": "usb"}[attachment])
		p.chooseName("chosen-" + attachment)
		p.set("register", "passkey", "attachment", attachment)
		p.set("register", "passkey", "userVerification", "required")
		p.set("register", "passkey", "hints", "security-key hybrid")
		p.start("register", "passkey")
		p.at("/", "Hello, chosen-"+attachment)
		created := p.last("create")
		require.Equal(t, attachment, created.Attachment)
		require.Equal(t, "required", created.UserVerification)
		require.Equal(t, "security-key,hybrid", created.Hints)
	}
}

// phoneUnlocksDesktop signs in with a phone on a desktop that could hold a
// passkey, and is invited to add one there, until that is declined.
func phoneUnlocksDesktop(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	phone, desktop := p.plugIn("cable"), p.plugIn("internal")
	desktop.touch(false)
	p.signUpWithPasskey("nadia")
	p.signOut()
	p.signIn("passkey", phone)
	p.at("/", "Hello, nadia")
	p.until(`document.querySelector("#another-device").hidden`, "false")
	p.screenshots("another-device")

	// It leads to settings, where the desktop gets one of its own.
	desktop.touch(true)
	phone.touch(false)
	p.click("#another-device a")
	p.at("/settings", "Settings")
	p.start("register", "passkey")
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "2")
	require.Len(t, desktop.credentials(), 1)

	p.open("/")
	p.at("/", "Hello, nadia")
	p.signOut()
	p.signIn("passkey", phone)
	p.at("/", "Hello, nadia")
	p.until(`document.querySelector("#another-device").hidden`, "false")
	p.click("#another-device button")
	p.until(`document.querySelector("#another-device") === null && document.readyState`, "complete")
}

// autofill needs no click: the browser offers passkeys beside names.
func autofill(t *testing.T, s *stack) {
	for name, script := range map[string]string{"ottilie": "", "older-browser": `delete PublicKeyCredential.getClientCapabilities`} {
		p := s.newTab(t, script)
		p.plugIn("internal")
		p.signUpWithPasskey(name)
		identity := p.whoami()
		p.click(`form[action="/logout"] button`)
		p.until(`document.readyState + " " + location.pathname + " " + !!sessionStorage.getItem("passkey-sign-in")`, "complete / true")
		got := p.last("get")
		require.Equal(t, "conditional", got.Mediation)
		require.Equal(t, identity, p.whoami())
		p.resolvesTo(got.UserHandle, identity, "passkey", "active")
	}
}

// severalAccounts has three accounts on one device: the picker shows their names, and
// the chosen one is signed in.
func severalAccounts(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	device := p.plugIn("internal")
	identities := map[string]string{}
	for _, name := range []string{"paula", "paula-work", "paula-test"} {
		p.chooseName(name)
		p.set("register", "passkey", "displayName", "{traits.username} (Acme)")
		p.start("register", "passkey")
		p.at("/", "Hello, "+name)
		identities[p.last("create").UserID] = p.whoami()
		p.signOut()
	}
	shown := map[string]string{}
	for _, c := range device.credentials() {
		shown[c.UserName] = c.UserDisplayName
	}
	require.Equal(t, map[string]string{
		"paula": "paula (Acme)", "paula-work": "paula-work (Acme)", "paula-test": "paula-test (Acme)",
	}, shown)

	// A virtual authenticator takes one of them without asking, so it
	// forgets each after its turn.
	var taken []string
	for range 3 {
		p.signIn("passkey")
		p.until(`document.readyState + location.pathname`, "complete/")
		got := p.last("get")
		require.Equal(t, identities[got.UserHandle], p.whoami())
		p.resolvesTo(got.UserHandle, identities[got.UserHandle], "passkey", "active")
		taken = append(taken, p.text("h1"))
		device.forget(got.CredentialID)
		p.signOut()
	}
	require.ElementsMatch(t, []string{"Hello, paula", "Hello, paula-work", "Hello, paula-test"}, taken)
}

// enrolPhone adds a phone's passkey in the session of a desktop that has one of
// its own, and signs in with the phone alone on another desktop.
func enrolPhone(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	desktop := p.plugIn("internal")
	p.signUpWithPasskey("olga")
	identity := p.whoami()
	desktop.touch(false)
	phone := p.plugIn("cable", synced)
	p.open("/settings")
	p.at("/settings", "Settings")
	p.click("details.help summary")
	p.screenshots("enrol-phone")
	p.start("register", "passkey")
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "2")
	require.Len(t, phone.credentials(), 1)

	elsewhere := s.newTab(t, withoutAutofill)
	elsewhere.plugIn("cable", learning).learn(phone.credentials()[0])
	elsewhere.open("/login")
	elsewhere.at("/login", "Sign in")
	elsewhere.signIn("passkey")
	elsewhere.at("/", "Hello, olga")
	require.Equal(t, identity, elsewhere.whoami())
	elsewhere.resolvesTo(elsewhere.last("get").UserHandle, identity, "passkey", "active")
}
