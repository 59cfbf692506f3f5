package pages

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// foreignRelyingParty is a Kratos whose rp.id does not fit the page: a banner with
// predict's text says so at once, and the ceremony fails as predicted.
func foreignRelyingParty(t *testing.T, s *stack) {
	const rpID = "example.org"
	p := s.newTab(t, withoutAutofill)
	p.plugIn("internal")
	page, err := webauthn.ParsePage(s.URL + "/login")
	require.NoError(t, err)
	id := rpID
	verdict := webauthn.Predict(webauthn.Query{Page: page, RPID: &id, Origins: []string{s.URL}})
	require.Equal(t, webauthn.GateBrowser, verdict.Gate)
	banner := ""
	for deadline := time.Now().Add(within); banner == "" && time.Now().Before(deadline); { // until Kratos has read its file again
		p.open("/login")
		p.at("/login", "Sign in")
		banner = p.text(".message.error")
	}
	require.Equal(t, "For the site’s developers: passkeys can’t work on this page.\n"+verdict.Reason, banner)
	p.screenshots("banner")
	p.start("sign-in", "passkey")
	p.says(wrongSite)
	p.screenshots("wrong-site")
}

// foreignOrigin: rp.id is the page's, and Kratos expects another origin. The
// browser accepts it, Kratos rejects it.
func foreignOrigin(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	p.plugIn("internal")
	p.open("/login")
	p.at("/login", "Sign in")
	p.chooseName("wanda")
	p.start("register", "passkey")
	p.at("/error", "Something went wrong")
	require.Equal(t, "Unable to create WebAuthn credential: Error validating origin", p.text("q"))
	p.screenshots("foreign-origin")
}
