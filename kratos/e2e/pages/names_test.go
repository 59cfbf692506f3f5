package pages

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// names gives names to two passkeys: Kratos stores them without losing other data, and
// the pages show which of the two was used.
func names(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	device := p.plugIn("internal", synced)
	p.signUpWithPasskey("mina")
	identity := p.whoami()
	device.touch(false)
	key := p.plugIn("usb")
	p.open("/settings")
	p.at("/settings", "Settings")
	p.start("register", "passkey")
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "2")

	p.rename(device, "My laptop")
	p.rename(key, "Blue key")
	p.rename(device, "Lab laptop")
	require.Equal(t, map[string]string{p.hexID(device): "Lab laptop", p.hexID(key): "Blue key"}, p.names())

	// Used is the one that was, not the other.
	p.open("/")
	p.at("/", "Hello, mina")
	p.signOut()
	p.signIn("passkey", key)
	p.at("/", "Hello, mina")
	require.Equal(t, identity, p.whoami())
	p.until(`JSON.parse(sessionStorage.getItem("passkey-sign-in"))?.noted`, "true")
	p.open("/settings")
	used := func(a *authenticator) string {
		return p.text(`.credentials li:has([value="` + p.hexID(a) + `"]) .hint`)
	}
	p.at("/settings", "Settings")
	for deadline := time.Now().Add(within); used(key) == used(device); time.Sleep(50 * time.Millisecond) { // the note may arrive later
		require.True(t, time.Now().Before(deadline), used(key))
		p.open("/settings")
		p.at("/settings", "Settings")
	}
	require.Regexp(t, `^added [0-9]+ \w+ 2[0-9]{3} last used [0-9]+ \w+ 2[0-9]{3}$`, used(key))
	require.Regexp(t, `^added [0-9]+ \w+ 2[0-9]{3}$`, used(device))
	p.click(".credentials details summary")
	p.screenshots("rename")
	p.picture("passkeys")

	// The name goes with the passkey, and the device still signs in.
	p.click(`[name=passkey_remove][value="` + p.hexID(key) + `"]`)
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "1")
	p.rename(device, "")
	require.Empty(t, p.names())
	p.open("/")
	p.at("/", "Hello, mina")
	p.signOut()
	p.signIn("passkey", device)
	p.at("/", "Hello, mina")
}

func (p *tab) hexID(a *authenticator) string {
	if a.kept == "" {
		a.kept = hexText(a.credentials()[0].CredentialID)
	}
	return a.kept
}

// rename fills in the form in the list; "" takes the name away.
func (p *tab) rename(a *authenticator, name string) {
	p.t.Helper()
	item := `.credentials li:has([value="` + p.hexID(a) + `"])`
	p.click(item + " summary")
	p.eval(`document.querySelector('` + item + ` input[name=name]').value = ` + quoted(name))
	p.click(item + " .inline button")
	want := name
	if want == "" {
		want = "Passkey"
	}
	p.until(`document.readyState + document.querySelector('`+item+` strong')?.innerText`, "complete"+want)
}

// names are those that Kratos keeps for the browser's account.
func (p *tab) names() map[string]string {
	p.t.Helper()
	var session struct {
		Identity struct {
			Metadata struct {
				Names map[string]string `json:"passkey_names"`
			} `json:"metadata_public"`
		}
	}
	require.NoError(p.t, json.Unmarshal(p.kratosGet("/sessions/whoami"), &session))
	return session.Identity.Metadata.Names
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // a string always has one
	return string(b)
}
