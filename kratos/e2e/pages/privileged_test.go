package pages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

// onlyWayIn cannot be removed on the page.
func onlyWayIn(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	p.plugIn("internal")
	p.signUpWithPasskey("rosalind")
	p.open("/settings")
	p.at("/settings", "Settings")
	require.Equal(t, "true", p.eval(`document.querySelector("[name=passkey_remove]").disabled`))
	require.Equal(t, "This is your only way to sign in. Add another passkey or an email address before you remove it.", p.text("#last-way"))
	p.screenshots("last-way")
}

// reconfigure changes kratos.yml under the running Kratos, which reads it again.
// What tests of the change see first may still be the old one, so they wait.
func (s *stack) reconfigure(t *testing.T, dir string, oldnew ...string) {
	t.Helper()
	name := filepath.Join(dir, setup.KratosYML)
	config, err := os.ReadFile(name)
	require.NoError(t, err)
	for i := 0; i < len(oldnew); i += 2 {
		require.Equal(t, 1, strings.Count(string(config), oldnew[i]), oldnew[i])
	}
	changed := strings.NewReplacer(oldnew...).Replace(string(config))
	require.NoError(t, os.WriteFile(name, []byte(changed), 0o600))
}

// confirmFirst changes keys when the sign-in is too long ago: Kratos asks who it
// is, does what was asked for, and comes back to the page.
func confirmFirst(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	first := p.plugIn("internal")
	p.signUpWithPasskey("lise")
	first.touch(false)
	second := p.plugIn("usb")
	p.open("/settings")
	p.at("/settings", "Settings")
	p.outliveSession()
	p.start("register", "passkey")
	p.until(`document.readyState + document.querySelector("h1").innerText`, "completeConfirm it’s you")
	p.screenshots("confirm")
	p.signIn("passkey", first)
	p.at("/settings", "Settings")
	p.until(`document.querySelectorAll("[name=passkey_remove]:not(:disabled)").length`, "2")
	p.resolvesTo(p.last("create").UserID, p.whoami(), "passkey", "active")

	p.outliveSession()
	p.click("[name=passkey_remove]")
	p.at("/login", "Confirm it’s you")
	p.signIn("passkey")
	p.at("/settings", "Settings")
	p.until(`document.querySelectorAll("[name=passkey_remove]").length`, "1")
	// And the authenticator that had it hears of it.
	first.until(t, func() bool { return len(first.credentials())+len(second.credentials()) == 1 })
}

// outliveSession waits until the sign-in is too long ago.
func (p *tab) outliveSession() {
	p.t.Helper()
	var session struct {
		AuthenticatedAt time.Time `json:"authenticated_at"`
	}
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		require.NoError(p.t, json.Unmarshal(p.kratosGet("/sessions/whoami"), &session))
		if time.Since(session.AuthenticatedAt) > 3500*time.Millisecond {
			return
		}
	}
	p.t.Fatal("the session stays young")
}
