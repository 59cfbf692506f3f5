package pages

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// signals removes a passkey and renames the account: the authenticators hear of
// both, and keep every credential that still signs in.
func signals(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	device := p.plugIn("internal", synced)
	p.signUpWithPasskey("sophie")
	device.touch(false)
	key := p.plugIn("usb")
	p.open("/settings")
	p.at("/settings", "Settings")
	p.start("register", "passkey")
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "2")
	p.until(`[...document.querySelectorAll(".credentials .badge")].map((badge) => badge.innerText).sort().join()`,
		"not synced,synced")
	p.screenshots("manage")

	p.fill("traits.username", "sophie-g")
	p.submit("method", "profile")
	p.until(`document.querySelector("#signals")?.dataset.name`, "sophie-g")
	device.until(t, func() bool { return device.credentials()[0].UserName == "sophie-g" })
	device.until(t, func() bool { return key.credentials()[0].UserName == "sophie-g" })

	// The key's passkey goes, the device's stays.
	p.click(`[name=passkey_remove][value="` + hexText(key.credentials()[0].CredentialID) + `"]`)
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "1")
	key.until(t, func() bool { return len(key.credentials()) == 0 })
	require.Len(t, device.credentials(), 1)
	p.open("/")
	p.at("/", "Hello, sophie-g")
	p.signOut()
	p.signIn("passkey", device)
	p.at("/", "Hello, sophie-g")
}

// What Kratos says of a passkey that it does not have is about codes or about any
// error, by version and account; the pages say what to do.
const removed = "We couldn’t find an account for this passkey or security key. It may have been removed. Try another one, check the name if you entered one, or sign in another way."

// strangersPasskey takes another user's address in settings, which does not verify
// it. When the owner signs in by code, the pages show the stranger's passkey, and it
// can be removed.
func strangersPasskey(t *testing.T, s *stack) {
	const email = "owner@example.org"
	stranger := s.newTab(t, withoutAutofill)
	stranger.takeAddress("mallory", email)

	owner := s.newTab(t, withoutAutofill)
	owner.open("/login")
	owner.at("/login", "Sign in")
	owner.signInByCode(email)
	owner.at("/", "Hello, mallory")
	require.Equal(t, stranger.whoami(), owner.whoami(), "Kratos lets both into one account")
	require.Equal(t, "You signed in with a code. Check that you recognize every passkey of this account.", owner.text("aside p"))
	owner.screenshots("strangers-passkey")
	owner.click("aside a")
	owner.at("/settings", "Settings")
	owner.click("[name=passkey_remove]")
	owner.until(`document.readyState + document.querySelectorAll("[name=passkey_remove]").length`, "complete0")

	stranger.signOut()
	stranger.signIn("passkey")
	stranger.at("/login", "Sign in")
	stranger.until(`document.querySelector(".message.error")?.innerText`, removed)
}

// strangersPasskeyAfterRecovery: recovery proves the address, and Kratos notes
// when. The list says which passkeys are older.
func strangersPasskeyAfterRecovery(t *testing.T, s *stack) {
	const email = "rightful@example.org"
	stranger := s.newTab(t, withoutAutofill)
	stranger.takeAddress("eve", email)
	// Kratos rounds the time at which a passkey was added to the next or the last
	// second, and one of the proof's own second is not called older.
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(2 * time.Second)))

	owner := s.newTab(t, withoutAutofill)
	owner.plugIn("internal")
	owner.recover(email)
	require.Equal(t, stranger.whoami(), owner.whoami())
	owner.until(`document.querySelector(".credentials .bad")?.innerText`, "Added before you verified your email address. Remove it if you don’t recognize it.")
	owner.screenshots("strangers-passkey-after-recovery")
	owner.start("register", "passkey")
	owner.until(`document.readyState + document.querySelectorAll("[name=passkey_remove]").length`, "complete2")
	require.Equal(t, "1", owner.eval(`document.querySelectorAll(".credentials .bad").length`), "the owner's own is not suspicious")
	owner.open("/")
	owner.at("/", "Hello, eve")
	require.Equal(t, "This account has passkeys that were added before you verified your email address. Remove any that you don’t recognize. Review passkeys", owner.text(".message.error"))
	owner.click(".message.error a")
	owner.at("/settings", "Settings")
	owner.click(".credentials li:has(.bad) [name=passkey_remove]")
	owner.until(`document.readyState + document.querySelectorAll("[name=passkey_remove]").length`, "complete1")

	stranger.signOut()
	stranger.signIn("passkey")
	stranger.until(`document.querySelector(".message.error")?.innerText`, removed)
}

// takeAddress signs up with a passkey and takes another user's address in settings,
// because a sign-up by passkey with an address is rejected.
func (p *tab) takeAddress(name, email string) {
	p.t.Helper()
	p.plugIn("internal")
	p.open("/registration")
	p.at("/registration", "Create an account")
	p.fill("traits.username", name)
	p.submit("method", "profile")
	p.at("/registration", "Choose how to sign in")
	p.start("register", "passkey")
	p.at("/", "Hello, "+name)
	p.open("/settings")
	p.at("/settings", "Settings")
	p.fill("traits.email", email)
	p.submit("method", "profile")
	p.until(`document.readyState + document.querySelector("[name='traits.email']")?.defaultValue`, "complete"+email)
	p.open("/")
	p.at("/", "Hello, "+name)
}

// refusedSignUp signs up with an unverified address. Kratos rejects it after the
// device has stored the passkey, and the page says what to do with the passkey.
func refusedSignUp(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	p.plugIn("internal")
	p.open("/registration")
	p.at("/registration", "Create an account")
	p.fill("traits.username", "tenant")
	p.fill("traits.email", "tenant@example.org")
	p.submit("method", "profile")
	p.at("/registration", "Choose how to sign in")
	p.start("register", "passkey")
	p.until(`document.querySelector("#left-over")?.hidden`, "false")
	require.Equal(t, "Please sign up with a code sent to your email address first. You can add a passkey right after that.", p.text(".message.error"))
	p.screenshots("refused-sign-up")
	p.open("/login")
	p.at("/login", "Sign in")
	require.Empty(t, p.eval(`sessionStorage.getItem("passkey-sign-up")`))
}

// until polls what an authenticator holds.
func (a *authenticator) until(t *testing.T, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !reached(); time.Sleep(20 * time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "the authenticator was not told within %s", within)
	}
}
