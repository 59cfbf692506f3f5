package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Measured on v1.3.1 and v26.2.0: a stranger signs up with a passkey and
// someone else's address, in any trait; the owner later signs in with a code,
// to the same identity, and the stranger's passkey still works. There is no
// fix, because a linter must not decide who may sign up, and how.
var passkeySignupUnverifiedAddress = &lint.Rule{
	ID: "passkey-signup-unverified-address", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On || !p.SignUpOpen(p.Passkey) || p.Incomplete() {
			return
		}
		for _, address := range p.UnprovenAddresses() {
			t := address.Trait
			help := "let users sign up with a code and add a passkey in settings: a hook with response.parse in registration.after.passkey.hooks can reject passkey sign-ups"
			if !t.Required {
				help += fmt.Sprintf(", all of them or those with a %q", t.Name)
			}
			severity := p.InProd(finding.Error, finding.Warning)
			if address.Owner == passkeys.Verifies {
				severity = finding.Warning // needs an owner who follows an email that they did not ask for
			}
			p.Report(finding.Finding{
				Span:     t.Value.Place(),
				Severity: severity,
				Message: fmt.Sprintf("anyone can sign up with a passkey and someone else's %q; when the owner later %s, they get the same account, and the stranger's passkey still works",
					t.Name, address.Owner),
				Help: help + "; labeling passkeys with another trait does not help, because sign-ups can still set this one",
			})
		}
	},
}
