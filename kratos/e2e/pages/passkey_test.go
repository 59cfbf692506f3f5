package pages

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/demo"
	"github.com/olympusoss/oly-passkey/templates/ui"
)

func TestPasskeyFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, setup.PasskeyFirst, func(o *demo.Options) {
		o.Dir = dir
		o.ResidentKey = "required" // Kratos' webauthn method leaves it to the page
	})
	for _, part := range []struct {
		name string
		run  func(*testing.T, *stack)
	}{
		{"passkey", passkeyWalk},
		{"second passkey in settings", secondPasskey},
		{"discoverable security key", discoverableKey},
		{"security key with a typed name", typedName},
		{"first key after a second one", orphanedKey},
		{"phone enrolled from a desktop", enrolPhone},
		{"phone unlocks desktop", phoneUnlocksDesktop},
		{"operator's choice", operatorsChoice},
		{"autofill", autofill},
		{"several accounts", severalAccounts},
		{"names", names},
		{"signals", signals},
		{"a stranger's passkey", strangersPasskey},
		{"a stranger's passkey after recovery", strangersPasskeyAfterRecovery},
		{"refused sign-up", refusedSignUp},
		{"only way in", onlyWayIn},
		{"in German", german},
		{"content security policy", policy},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, s) })
	}
	s.reconfigure(t, dir,
		"privileged_session_max_age: 15m", "privileged_session_max_age: 3s",
		"  public:\n", "  public:\n    cors: { enabled: true, allowed_origins: ["+s.URL+"], allow_credentials: true }\n")
	t.Run("confirm first", func(t *testing.T) { confirmFirst(t, s) })
	t.Run("single-page application", func(t *testing.T) { singlePage(t, s) })
	s.reconfigure(t, dir, "id: localhost # never", "id: example.org # never")
	t.Run("another relying party", func(t *testing.T) { foreignRelyingParty(t, s) })
	const origins = "origins: # matched exactly: no trailing slash; include the port if any\n            - http://localhost:"
	s.reconfigure(t, dir, "id: example.org # never", "id: localhost # never", origins, origins+"1")
	t.Run("another origin", func(t *testing.T) { foreignOrigin(t, s) })
}

// TestAuthenticators walks what differs by authenticator and browser, beside the
// rest.
func TestAuthenticators(t *testing.T) {
	t.Parallel()
	s := start(t, setup.PasskeyFirst)
	t.Run("kinds", func(t *testing.T) { kinds(t, s) })
	t.Run("full key", func(t *testing.T) { fullKey(t, s) })
	t.Run("user verification", func(t *testing.T) { verifyOrNot(t, s) })
	t.Run("results in words", func(t *testing.T) { results(t, s) })
	t.Run("old browsers", func(t *testing.T) { oldBrowsers(t, s) })
}

// passkeyWalk is the main job: sign up with a passkey, sign out, sign in without
// a name, and see whose user handle the browser returned.
func passkeyWalk(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	p.plugIn("internal")

	p.open("/registration")
	p.at("/registration", "Create an account")
	p.screenshots("registration")
	p.fill("traits.username", "ada")
	p.submit("method", "profile")
	p.at("/registration", "Choose how to sign in")
	p.screenshots("registration-choose")
	p.picture("sign-up")
	p.start("register", "passkey")
	p.at("/", "Hello, ada")
	identity := p.whoami()
	created := p.last("create")
	require.Empty(t, created.Attachment, "Kratos' platform attachment must not reach the browser")
	require.Equal(t, "ada", created.UserName)
	require.Equal(t, "ada", created.DisplayName)
	require.Equal(t, "none in this tab; sign out, then sign in with a passkey", p.text("#returned"))
	p.screenshots("account-after-sign-up")

	p.signOut()
	p.screenshots("login")
	p.picture("sign-in")
	p.signIn("passkey")
	p.at("/", "Hello, ada")
	require.Equal(t, identity, p.whoami())
	got := p.last("get")
	require.Equal(t, created.UserID, got.UserHandle)
	require.Empty(t, got.Mediation)
	p.resolvesTo(got.UserHandle, identity, "passkey", "active")

	// The account page says the same.
	require.Equal(t, identity, p.text("#identity"))
	require.Equal(t, got.UserHandle, p.text("#returned"))
	p.until(`document.querySelector("#resolved").innerText`, "this account · active · "+identity)
	require.Equal(t, "passkey "+got.UserHandle+"\n✓ this account active "+identity, p.text(".handles"))
	p.screenshots("account")
	p.picture("account")

	// And so do pages that reach the sidecar over HTTP.
	keys, err := api.ReadKeyFile(s.SidecarKeys)
	require.NoError(t, err)
	directory, err := ui.NewSidecar(s.SidecarURL, keys.Key(api.ScopeResolve), keys.Key(api.ScopeRead))
	require.NoError(t, err)
	answer, err := directory.Resolve(t.Context(), got.UserHandle, got.CredentialID)
	require.NoError(t, err)
	yes, no := true, false
	require.Equal(t, ui.Answer{IdentityID: identity, State: "active", CredentialMatches: &yes}, answer)
	handles, err := directory.Handles(t.Context(), identity)
	require.NoError(t, err)
	require.Equal(t, []ui.Handle{{Value: got.UserHandle}}, handles)
	passkeys, err := directory.Passkeys(t.Context(), identity)
	require.NoError(t, err)
	require.Len(t, passkeys, 1)
	require.WithinDuration(t, time.Now(), *passkeys[0].LastUsed, time.Minute)
	passkeys[0].LastUsed = nil
	require.Equal(t, []ui.Passkey{{CredentialID: got.CredentialID, Synced: &no}}, passkeys)
	advice, err := directory.Advice(t.Context(), identity)
	require.NoError(t, err)
	require.Equal(t, "none", advice.Propose)
}

// secondPasskey adds one on another authenticator: both sign in, both resolve.
func secondPasskey(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	first := p.plugIn("internal")
	p.signUpWithPasskey("grace")
	identity := p.whoami()
	firstHandle := p.last("create").UserID

	first.touch(false)
	key := p.plugIn("usb")
	p.open("/settings")
	p.at("/settings", "Settings")
	p.start("register", "passkey")
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "2")
	p.screenshots("settings")
	created := p.last("create")
	secondHandle := created.UserID
	require.NotEqual(t, firstHandle, secondHandle, "Kratos makes a handle for each passkey")
	require.Empty(t, created.Attachment)
	require.Equal(t, 1, created.Excluded, "the first passkey must be excluded")
	require.Equal(t, "grace", created.UserName)
	p.resolvesTo(secondHandle, identity, "passkey", "active")
	p.resolvesTo(firstHandle, identity, "passkey", "active")

	// Each of them signs in alone.
	p.open("/")
	p.at("/", "Hello, grace")
	p.signOut()
	p.signIn("passkey", key)
	p.at("/", "Hello, grace")
	require.Equal(t, secondHandle, p.last("get").UserHandle)
	p.signOut()
	p.signIn("passkey", first)
	p.at("/", "Hello, grace")
	require.Equal(t, firstHandle, p.last("get").UserHandle)
	require.Equal(t, identity, p.whoami())
}

// signUpWithPasskey leaves the tab on the account page.
func (p *tab) signUpWithPasskey(name string) {
	p.t.Helper()
	p.chooseName(name)
	p.start("register", "passkey")
	p.at("/", "Hello, "+name)
}

func (p *tab) chooseName(name string) {
	p.t.Helper()
	p.open("/registration")
	p.at("/registration", "Create an account")
	p.fill("traits.username", name)
	p.submit("method", "profile")
	p.at("/registration", "Choose how to sign in")
}

// start presses the button of a ceremony, of the method passkey or webauthn.
func (p *tab) start(what, method string) {
	p.t.Helper()
	p.click(ceremonyForm(what, method) + " [data-passkey-start]")
}

func ceremonyForm(what, method string) string {
	return `form[data-passkey="` + what + `"][data-method="` + method + `"]`
}

// signOut leaves the tab on the sign-in page.
func (p *tab) signOut() {
	p.t.Helper()
	p.click(`form[action="/logout"] button`)
	p.at("/login", "Sign in")
}

// signIn presses the button and touches one authenticator, or all.
func (p *tab) signIn(method string, which ...*authenticator) {
	p.t.Helper()
	for _, a := range p.authenticators {
		a.touch(len(which) == 0 || slices.Contains(which, a))
	}
	p.start("sign-in", method)
}
