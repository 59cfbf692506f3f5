package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// Run on v1.3.1 and v26.2.0: a stranger signs up by passkey with somebody
// else's address; the owner later signs in by code, into the same identity, and
// the stranger's passkey still works.
var passkeySignupUnverifiedAddress = &lint.Rule{
	ID: "passkey-signup-unverified-address", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On || !p.SignUpOpen(p.Passkey) || p.Config.Incomplete() {
			return
		}
		code := p.Config.Get("selfservice.methods.code.passwordless_enabled").True()
		recovery := p.Config.Get("selfservice.flows.recovery.enabled").True()
		for _, s := range p.Schemas {
			if !s.Default {
				continue
			}
			for _, t := range lint.Traits(s.Root) {
				how := ""
				switch {
				case !t.DisplayName:
				case t.Code && code:
					how = "signs in by code"
				case t.RecoveryVia != "" && recovery:
					how = "recovers the account"
				}
				if how == "" {
					continue
				}
				p.Report(lint.Finding{
					Span:     t.Value.Place(),
					Severity: p.InProd(lint.Error, lint.Warning),
					Message: fmt.Sprintf("anybody can sign up by passkey with somebody else's %q; when its owner %s, it is the same account, and the stranger's passkey still works",
						t.Name, how),
					Help: "let people sign up by code and add the passkey in settings (a hook with response.parse refuses the other way), or name passkeys by a trait that is no address",
				})
			}
		}
	},
}
