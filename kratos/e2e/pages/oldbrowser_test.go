package pages

import (
	"strings"
	"testing"
)

// oldBrowsers takes away one newer part of WebAuthn after the other: what
// remains is enough to sign up and in.
func oldBrowsers(t *testing.T, s *stack) {
	without := []struct{ name, script string }{
		{"parsing", `delete PublicKeyCredential.parseCreationOptionsFromJSON; delete PublicKeyCredential.parseRequestOptionsFromJSON`},
		{"toJSON", `delete PublicKeyCredential.prototype.toJSON`},
		{"capabilities", `delete PublicKeyCredential.getClientCapabilities; PublicKeyCredential.isConditionalMediationAvailable = async () => false`},
		{"conditional mediation", `delete PublicKeyCredential.getClientCapabilities; delete PublicKeyCredential.isConditionalMediationAvailable`},
		{"a word on platform authenticators", `delete PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable`},
		{"signals", `delete PublicKeyCredential.signalAllAcceptedCredentials; delete PublicKeyCredential.signalCurrentUserDetails`},
		{"transports", `delete AuthenticatorAttestationResponse.prototype.getTransports; delete PublicKeyCredential.prototype.toJSON`},
		{"a toJSON that works", `PublicKeyCredential.prototype.toJSON = () => { throw new TypeError("Illegal invocation") }; delete PublicKeyCredential.getClientCapabilities; delete PublicKeyCredential.isConditionalMediationAvailable`},
	}
	var all []string
	for _, w := range without {
		all = append(all, w.script)
	}
	for i, w := range append(without, struct{ name, script string }{"any of them", strings.Join(all, ";")}) {
		t.Run("without "+w.name, func(t *testing.T) {
			p := s.newTab(t, withoutAutofill, w.script)
			p.plugIn("internal")
			name := "old-" + string(rune('a'+i))
			p.signUpWithPasskey(name)
			identity := p.whoami()
			p.signOut()
			p.signIn("passkey")
			p.at("/", "Hello, "+name)
			p.resolvesTo(p.last("get").UserHandle, identity, "passkey", "active")
			if strings.Contains(w.script, "signal") {
				p.open("/settings")
				p.at("/settings", "Settings")
				p.fill("traits.username", name+"-renamed")
				p.submit("method", "profile")
				p.until(`document.querySelector("#signals")?.dataset.name`, name+"-renamed")
			}
		})
	}
}
