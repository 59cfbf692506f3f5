package pages

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/demo"
)

func TestCodeFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, setup.CodeFirst, func(o *demo.Options) { o.Dir = dir })
	s.withPasswords(t, dir)
	t.Run("sign-up by code, then a passkey", func(t *testing.T) { codeThenPasskey(t, s) })
	t.Run("without JavaScript", func(t *testing.T) { withoutScript(t, s) })
	t.Run("recovery, then a passkey", func(t *testing.T) { recoverAndAddPasskey(t, s) })
	t.Run("every other page", func(t *testing.T) { everyOtherPage(t, s) })
	t.Run("sign-up by passkey is refused", func(t *testing.T) { passkeySignUpRefused(t, s) })
}

// codeThenPasskey proves the address first and adds the passkey in the same
// visit.
func codeThenPasskey(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	p.plugIn("internal")
	p.signUpByCode("emmy@example.org")
	identity := p.whoami()
	p.screenshots("code-first-settings")
	p.start("register", "passkey")
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "1")
	created := p.last("create")
	require.Equal(t, "emmy@example.org", created.UserName)
	p.resolvesTo(created.UserID, identity, "passkey", "active")
	p.open("/mail")
	p.screenshots("mail")

	p.open("/")
	p.at("/", "Hello, emmy@example.org")
	p.signOut()
	p.signIn("passkey")
	p.at("/", "Hello, emmy@example.org")
	require.Equal(t, created.UserID, p.last("get").UserHandle)
	require.Equal(t, identity, p.whoami())
}

// passkeySignUpRefused bypasses the page, which does not offer it, as an attacker would
// to get the account of another user's address.
func passkeySignUpRefused(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	p.plugIn("internal")
	p.open("/registration")
	p.at("/registration", "Create an account")
	p.fill("traits.email", "victim@example.org")
	p.submit("method", "profile")
	p.until(`!!document.querySelector("button[name=method][value=code]")`, "true")
	p.screenshots("code-first-registration")
	require.Empty(t, p.text("form[data-passkey]"), "a sign-up that is rejected must not be offered")

	// The flow still has the nodes: use a form made of them.
	flow := p.flow("registration")
	require.NotEmpty(t, p.eval(`(async () => {
		const flow = `+flow+`;
		const form = document.body.appendChild(document.createElement("form"));
		form.setAttribute("method", "post");
		form.setAttribute("action", flow.ui.action);
		for (const { attributes: a } of flow.ui.nodes) {
			if (a.type !== "hidden") continue;
			form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name: a.name, value: a.value ?? "" }));
		}
		const { register } = await import("/static/passkey.js");
		return (await register(form)).kind;
	})()`))
	p.until(`document.querySelector(".message.error")?.innerText`, "Please sign up with a code sent to your email address first. You can add a passkey right after that.")
	p.at("/registration", "Create an account")
	p.screenshots("code-first-refused")
	p.open("/")
	p.at("/login", "Sign in")
}

// signUpByCode leaves the tab on the settings page, where the passkey is added.
func (p *tab) signUpByCode(email string) {
	p.t.Helper()
	p.open("/registration")
	p.at("/registration", "Create an account")
	p.fill("traits.email", email)
	p.submit("method", "profile")
	p.until(`!!document.querySelector("button[name=method][value=code]")`, "true")
	p.submit("method", "code")
	p.at("/registration", "Enter your code")
	p.fill("code", p.demo.nextCode(p.t, email, registrationMail, 0))
	p.submit("method", "code")
	p.at("/settings", "Settings")
}

var oneTimeCode = regexp.MustCompile(`\b[0-9]{6}\b`)

// Words of Kratos' mails with codes, in lower case: the subjects and the words
// around these differ between versions.
const (
	registrationMail = "complete your account registration"
	loginMail        = "login to your account"
	recoveryMail     = "recover access to your account"
)

// codes lists the one-time codes that were mailed to an address in mails with
// those words, newest first.
func (s *stack) codes(t *testing.T, email, words string) []string {
	t.Helper()
	var list []string
	for _, m := range s.mails(t) {
		if m.Recipient == email && strings.Contains(strings.ToLower(m.Body), words) {
			list = append(list, oneTimeCode.FindString(m.Body))
		}
	}
	return list
}

// nextCode waits for one more code than there were.
func (s *stack) nextCode(t *testing.T, email, words string, before int) string {
	t.Helper()
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if list := s.codes(t, email, words); len(list) > before {
			return list[0]
		}
	}
	t.Fatalf("no %q was mailed to %q within %s: %+v", words, email, within, s.mails(t))
	return ""
}

type mail struct{ Recipient, Subject, Body string }

// mails lists what the demo received, newest first.
func (s *stack) mails(t *testing.T) []mail {
	t.Helper()
	response, err := http.Get(s.URL + "/mail.json")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var list []mail
	require.NoError(t, json.NewDecoder(response.Body).Decode(&list))
	return list
}
