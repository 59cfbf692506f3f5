package pages

import (
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/stretchr/testify/require"
)

// kinds walks sign-up, sign-in, a sign-in without a touch, and a second
// registration with every kind of authenticator: this device, a security key and
// a phone, with and without discoverable credentials and user verification. Measured: a
// security key or a phone stores a passkey only if it can verify its user, whatever the
// page asks for. A platform authenticator that cannot stores one but never signs in
// with it.
func kinds(t *testing.T, s *stack) {
	for transport, attachment := range map[webauthn.AuthenticatorTransport]string{
		"internal": "platform", "usb": "cross-platform", "cable": "cross-platform",
	} {
		device := func(t *testing.T, name string, change ...func(*webauthn.VirtualAuthenticatorOptions)) (*tab, *authenticator) {
			p := s.newTab(t, withoutAutofill)
			a := p.plugIn(transport, change...)
			p.chooseName(string(transport) + "-" + name)
			return p, a
		}
		t.Run(string(transport), func(t *testing.T) {
			p, a := device(t, "able")
			p.usesPasskey(a, attachment)
		})
		t.Run(string(transport)+" without discoverable credentials", func(t *testing.T) {
			p, a := device(t, "old", withoutResidentKeys)
			p.refusesPasskey()
			p.typesNameInstead(a)
		})
		t.Run(string(transport)+" without user verification", func(t *testing.T) {
			p, a := device(t, "unverified", withoutUserVerification)
			if transport != "internal" {
				p.refusesPasskey()
			}
			p.typesNameInstead(a)
		})
	}
}

// usesPasskey goes from the choice of the sign-up page all the way.
func (p *tab) usesPasskey(device *authenticator, attachment string) {
	t := p.t
	p.start("register", "passkey")
	p.until(`document.readyState + location.pathname`, "complete/")
	identity := p.whoami()
	require.Empty(t, p.last("create").Attachment, "Kratos' platform attachment must not reach the browser")
	p.signOut()
	p.signIn("passkey")
	p.until(`document.readyState + location.pathname`, "complete/")
	require.Equal(t, attachment, p.eval(`JSON.parse(sessionStorage.getItem("passkey-sign-in")).attachment`))
	require.Equal(t, identity, p.whoami())
	p.resolvesTo(p.last("get").UserHandle, identity, "passkey", "active")

	// A second one on the same authenticator.
	p.open("/settings")
	p.at("/settings", "Settings")
	p.start("register", "passkey")
	p.says(alreadyRegistered)
	require.Len(t, device.credentials(), 1)

	// Nobody touches it.
	p.open("/")
	p.until(`document.readyState + location.pathname`, "complete/")
	p.signOut()
	p.set("sign-in", "passkey", "timeout", "300")
	device.touch(false)
	p.start("sign-in", "passkey")
	p.says(cancelled)
}

// refusesPasskey: the browser does not distinguish an authenticator that cannot from
// a user who cancels, so the message names both.
func (p *tab) refusesPasskey() {
	p.set("register", "passkey", "timeout", "2000")
	p.start("register", "passkey")
	p.says(cancelledRegister)
	require.Equal(p.t, "NotAllowedError", p.ceremonies()[len(p.ceremonies())-1].Error)
}

// typesNameInstead signs up and in with a key that is not discoverable.
func (p *tab) typesNameInstead(device *authenticator) {
	t := p.t
	name := p.eval(`document.querySelector('[name="traits.username"]').value`)
	p.fill("webauthn_register_displayname", "mine")
	p.set("register", "webauthn", "residentKey", "discouraged")
	p.start("register", "webauthn")
	p.at("/", "Hello, "+name)
	identity := p.whoami()
	created := p.last("create")
	require.Equal(t, created.UserID, base64url(device.credentials()[0].UserHandle))
	p.signOut()
	p.typeName(name)
	p.signIn("webauthn")
	p.at("/", "Hello, "+name)
	require.Empty(t, p.last("get").UserHandle, "a key that is not discoverable returns no user handle")
	require.Equal(t, identity, p.whoami())
	p.resolvesTo(created.UserID, identity, "webauthn", "active")
}

// fullKey has no room for one more passkey: virtual authenticators hold three,
// security keys 25 to 100. The words name it, because the browser does not.
func fullKey(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	key := p.plugIn("usb")
	for _, name := range []string{"full-one", "full-two", "full-three"} {
		p.signUpWithPasskey(name)
		p.signOut()
	}
	p.chooseName("full-four")
	p.refusesPasskey()
	require.Len(t, key.credentials(), 3)
	p.screenshots("full-key")

	// A phone has room.
	key.touch(false)
	p.plugIn("cable")
	p.start("register", "passkey")
	p.at("/", "Hello, full-four")
}

// verifyOrNot asks for user verification as the page's author chose, in both
// ceremonies. Without it the ceremony ends in the browser.
func verifyOrNot(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	device := p.plugIn("internal")
	p.chooseName("verified")
	p.set("register", "passkey", "userVerification", "required")
	device.verifies(false)
	p.refusesPasskey()
	device.verifies(true)
	p.start("register", "passkey")
	p.at("/", "Hello, verified")
	require.Equal(t, "required", p.last("create").UserVerification)
	p.signOut()
	p.set("sign-in", "passkey", "userVerification", "required")
	p.set("sign-in", "passkey", "timeout", "2000")
	device.verifies(false)
	p.signIn("passkey")
	p.says(cancelled)
	device.verifies(true)
	p.signIn("passkey")
	p.at("/", "Hello, verified")
	require.Equal(t, "required", p.last("get").UserVerification)
}
