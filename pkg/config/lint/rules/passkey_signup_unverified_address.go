package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Run on v1.3.1 and v26.2.0: a stranger signs up by passkey with somebody else's
// address, in whatever trait; the owner later signs in by code, into the same
// identity, and the stranger's passkey still works. There is no fix: who may sign
// up, and how, is not decided by a linter.
var passkeySignupUnverifiedAddress = &lint.Rule{
	ID: "passkey-signup-unverified-address", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On || !p.SignUpOpen(p.Passkey) || p.Incomplete() {
			return
		}
		for _, address := range p.UnprovenAddresses() {
			t := address.Trait
			help := "let users sign up by code and add the passkey in settings: a hook with response.parse in registration.after.passkey.hooks rejects sign-ups by passkey"
			if !t.Required {
				help += fmt.Sprintf(", all of them or those that fill in %q", t.Name)
			}
			severity := p.InProd(finding.Error, finding.Warning)
			if address.Owner == passkeys.Verifies {
				severity = finding.Warning // only an owner who follows a mail that they did not ask for
			}
			p.Report(finding.Finding{
				Span:     t.Value.Place(),
				Severity: severity,
				Message: fmt.Sprintf("anybody can sign up by passkey with somebody else's %q; when its owner %s, it is the same account, and the stranger's passkey still works",
					t.Name, address.Owner),
				Help: help + "; naming passkeys by another trait does not help while sign-ups can fill this one in",
			})
		}
	},
}
