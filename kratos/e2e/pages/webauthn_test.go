package pages

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// discoverableKey registers through the webauthn method; because the page asked
// for a discoverable credential, its 16 bytes come back at sign-in.
func discoverableKey(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	p.plugIn("usb")
	p.chooseName("hedy")
	p.fill("webauthn_register_displayname", "blue key")
	p.start("register", "webauthn")
	p.at("/", "Hello, hedy")
	identity := p.whoami()
	created := p.last("create")
	require.Equal(t, "required", created.ResidentKey)
	require.Len(t, decode(t, created.UserID), 16)
	p.resolvesTo(created.UserID, identity, "webauthn", "active")

	// With a typed name.
	p.signOut()
	p.typeName("hedy")
	p.signIn("webauthn")
	p.at("/", "Hello, hedy")
	require.Equal(t, created.UserID, p.last("get").UserHandle)
	p.until(`document.querySelector("#resolved").innerText`, "this account · active · "+identity)

	// And through the passkey method, without one.
	p.signOut()
	p.signIn("passkey")
	p.at("/", "Hello, hedy")
	require.Equal(t, created.UserID, p.last("get").UserHandle)
	require.Equal(t, identity, p.whoami())
}

// typedName uses a key that holds no discoverable credential: the browser
// returns no user handle, and the one of the creation options resolves.
func typedName(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	key := p.plugIn("usb", withoutResidentKeys)
	p.chooseName("joan")
	p.eval(`document.querySelector('` + ceremonyForm("register", "webauthn") + `').removeAttribute("data-resident-key")`)
	p.start("register", "webauthn")
	p.at("/", "Hello, joan")
	identity := p.whoami()
	created := p.last("create")
	require.Empty(t, created.ResidentKey)
	require.Equal(t, created.UserID, base64url(key.credentials()[0].UserHandle))
	p.resolvesTo(created.UserID, identity, "webauthn", "active")

	p.signOut()
	p.typeName("joan")
	p.screenshots("login-key")
	p.signIn("webauthn")
	p.at("/", "Hello, joan")
	require.Empty(t, p.last("get").UserHandle, "a key that is not discoverable returns no user handle")
	require.Equal(t, identity, p.whoami())
	require.Equal(t, "none; this key isn’t discoverable, so the browser returns no user handle", p.text("#returned"))

	// From now on without a name: asked once, and done.
	require.Equal(t, "Your security key needs your username first. With a passkey, one click is enough.", p.text("aside p"))
	p.screenshots("migrate")
	device := p.plugIn("internal")
	key.touch(false)
	p.click("aside a")
	p.at("/settings", "Settings")
	p.start("register", "passkey")
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "1")
	p.open("/")
	p.at("/", "Hello, joan")
	p.signOut()
	p.signIn("passkey", device)
	p.at("/", "Hello, joan")
	p.resolvesTo(p.last("get").UserHandle, identity, "passkey", "active")
	p.resolvesTo(created.UserID, identity, "webauthn", "active")
}

// orphanedKey adds a second key in settings, which overwrites the handle of the
// first one in Kratos: only the sidecar still knows whose it is.
func orphanedKey(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	first := p.plugIn("usb")
	p.chooseName("mary")
	p.fill("webauthn_register_displayname", "first")
	p.start("register", "webauthn")
	p.at("/", "Hello, mary")
	identity := p.whoami()
	firstHandle := p.last("create").UserID
	p.resolvesTo(firstHandle, identity, "webauthn", "active")

	first.touch(false)
	p.plugIn("usb")
	p.open("/settings")
	p.at("/settings", "Settings")
	p.fill("webauthn_register_displayname", "second")
	p.start("register", "webauthn")
	p.until(`document.querySelectorAll("[name=webauthn_remove]").length`, "2")
	secondHandle := p.last("create").UserID
	require.Equal(t, identity, uuidText(t, secondHandle), "in settings Kratos takes the identity's id")
	p.resolvesTo(secondHandle, identity, "webauthn", "active")
	p.resolvesTo(firstHandle, identity, "webauthn", "orphaned")
}

// typeName gets from the sign-in page to the key of that name.
func (p *tab) typeName(name string) {
	p.t.Helper()
	p.fill("identifier", name)
	p.submit("method", "webauthn")
	p.until(`!!document.querySelector('`+ceremonyForm("sign-in", "webauthn")+`:not([hidden])')`, "true")
}
