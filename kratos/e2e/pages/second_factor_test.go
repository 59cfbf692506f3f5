package pages

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/demo"
)

// TestSecondFactor: users with a security key are asked for it after the passkey.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	s := start(t, setup.PasskeyFirst, func(o *demo.Options) { o.WebAuthn = setup.SecondFactor })
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
}
