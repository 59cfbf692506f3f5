package pages

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/stretchr/testify/require"
)

// everyOtherPage looks at what the walks pass by, in both languages: recovery,
// verification and their codes, wrong codes, errors.
func everyOtherPage(t *testing.T, s *stack) {
	for _, l := range []struct {
		lang, signIn, code, recovery, verification, wrong string
		noAccount, wrongCode, noPage, noReason            string
	}{
		{
			"en", "Sign in", "Enter your code", "Get back into your account", "Verify your email address", "Something went wrong",
			"This account does not exist or has not setup sign in with code.",
			"The login code is invalid or has already been used. Please try again.",
			"We couldn’t find this page.", "We ran into a problem on our side. Please try again.",
		},
		{
			"de", "Anmelden", "Geben Sie Ihren Code ein", "Zugang wiederherstellen", "E-Mail-Adresse bestätigen", "Da ist etwas schiefgelaufen",
			"Es gibt kein Konto mit diesen Angaben, oder es hat sich noch nie mit einem Code angemeldet.",
			"Dieser Code ist nicht richtig oder wurde schon verwendet.",
			"Diese Seite haben wir nicht gefunden.", "Bei uns ist ein Fehler aufgetreten. Bitte versuchen Sie es noch einmal.",
		},
	} {
		t.Run(l.lang, func(t *testing.T) {
			p := s.newTab(t, withoutAutofill)
			p.speak(l.lang)
			email := "look-" + l.lang + "@example.org"
			s.newTab(t, withoutAutofill).signUpByCode(email)
			shot := func(name string) { p.screenshots(name + "-" + l.lang) }
			p.open("/recovery")
			p.at("/recovery", l.recovery)
			shot("recovery")
			p.fill("email", email)
			p.submit("method", "code")
			p.at("/recovery", l.code)
			shot("recovery-code")
			p.open("/verification")
			p.at("/verification", l.verification)
			shot("verification")
			p.fill("email", email)
			p.submit("method", "code")
			p.at("/verification", l.code)
			shot("verification-code")

			p.open("/login")
			p.at("/login", l.signIn)
			shot("login-password")
			p.fill("identifier", "nobody@example.org")
			p.submit("method", "code")
			p.until(`document.readyState + document.querySelector(".message.error")?.innerText`, "complete"+l.noAccount)
			shot("no-account")
			p.fill("identifier", email)
			p.submit("method", "code")
			p.at("/login", l.code)
			p.fill("code", "000000")
			p.submit("method", "code")
			p.until(`document.readyState + document.querySelector(".message.error")?.innerText`, "complete"+l.wrongCode)
			shot("wrong-code")

			p.open("/nothing")
			p.at("/nothing", l.wrong)
			require.Equal(t, l.noPage, p.text(".message.error"))
			p.open("/error?id=none")
			p.at("/error", l.wrong)
			require.Equal(t, l.noReason, p.text(".message.error"))
			shot("error")
		})
	}
}

// german walks the pages of passkeys in the other language.
func german(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	device := p.plugIn("internal")
	p.speak("de")
	p.open("/login")
	p.at("/login", "Anmelden")
	require.Equal(t, "de", p.eval("document.documentElement.lang"))
	p.click("details.help summary")
	p.screenshots("login-german")
	p.open("/registration")
	p.at("/registration", "Konto erstellen")
	p.fill("traits.username", "wilhelmine")
	p.submit("method", "profile")
	p.at("/registration", "Wie möchten Sie sich anmelden?")
	p.screenshots("registration-choose-german")
	p.start("register", "passkey")
	p.at("/", "Hallo wilhelmine")
	p.screenshots("account-german")
	device.touch(false)
	p.plugIn("usb", synced)
	p.open("/settings")
	p.at("/settings", "Einstellungen")
	p.start("register", "passkey")
	p.until(`document.readyState + document.querySelectorAll("[name=passkey_remove]").length`, "complete2")
	p.click(".credentials summary")
	p.screenshots("settings-german")
}

// speak sets the browser's language.
func (p *tab) speak(lang string) {
	p.t.Helper()
	call(p, network.Enable, network.EnableParams{})
	call(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": map[string]string{"de": "de-DE,de;q=0.9", "en": "en-GB,en;q=0.9"}[lang]},
	})
}

// policy: the content security policy is not only sent. What every other test
// shows is that nothing of the pages' own needs more than it allows.
func policy(t *testing.T, s *stack) {
	p := s.newTab(t)
	p.open("/login")
	p.at("/login", "Sign in")
	require.Equal(t, "undefined", p.eval(`(() => {
		const script = document.createElement("script");
		try { script.textContent = "globalThis.injected = true"; } catch { script.append("globalThis.injected = true"); }
		document.head.append(script);
		return typeof globalThis.injected;
	})()`))
	p.eval(`new Promise((done) => {
		const image = new Image();
		image.onerror = done;
		image.src = "http://elsewhere.example/picture.png";
	})`)
	p.until(`JSON.parse(sessionStorage.getItem("e2e-blocked") || "[]").some((one) => one === "img-src http://elsewhere.example/picture.png")`, "true")
	p.until(`JSON.parse(sessionStorage.getItem("e2e-blocked") || "[]").some((one) => /^(script-src|require-trusted-types-for)/.test(one))`, "true")
	require.Equal(t, "blocked", p.eval(`fetch("http://elsewhere.example/").then(() => "fetched", () => "blocked")`))
	p.eval(`sessionStorage.clear()`)
}
