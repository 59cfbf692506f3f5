package pages

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/demo"
	"github.com/olympusoss/oly-passkey/pkg/scaffold"
)

// TestSecondFactor asks for a security key after the passkey, from everybody
// who has one.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	s := start(t, scaffold.PasskeyFirst, func(o *demo.Options) { o.WebAuthn = scaffold.SecondFactor })
	t.Run("key after passkey", func(t *testing.T) {
		p := s.newTab(t, withoutAutofill)
		device := p.plugIn("internal")
		p.signUpWithPasskey("vera")
		identity := p.whoami()
		device.touch(false)
		key := p.plugIn("usb")
		p.open("/settings")
		p.at("/settings", "Settings")
		p.fill("webauthn_register_displayname", "second")
		p.start("register", "webauthn")
		p.until(`document.querySelectorAll("[name=webauthn_remove]").length`, "1")
		p.open("/")
		p.at("/", "Hello, vera")
		p.signOut()

		p.signIn("passkey", device)
		p.at("/login", "One more step")
		p.screenshots("second-factor")
		p.signIn("webauthn", key)
		p.at("/", "Hello, vera")
		require.Equal(t, identity, p.whoami())
	})
	t.Run("in German", func(t *testing.T) {
		p := s.newTab(t, withoutAutofill)
		p.plugIn("internal")
		call(p, network.Enable, network.EnableParams{})
		call(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": "de-DE,de;q=0.9"}})
		p.open("/login")
		p.at("/login", "Anmelden")
		require.Equal(t, "de", p.eval("document.documentElement.lang"))
		p.screenshots("login-german")
		p.open("/registration")
		p.at("/registration", "Konto anlegen")
		p.fill("traits.username", "wilhelmine")
		p.submit("method", "profile")
		p.at("/registration", "Wie möchten Sie sich anmelden?")
		p.start("register", "passkey")
		p.at("/", "Hallo, wilhelmine")
		p.open("/settings")
		p.at("/settings", "Einstellungen")
		p.screenshots("settings-german")
	})
}
