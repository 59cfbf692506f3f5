package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/source"
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
					Suggest: nameByAnother(s.Root, t),
					Help:    "let people sign up by code and add the passkey in settings (a hook with response.parse refuses the other way), or name passkeys by a trait that is no address",
				})
			}
		}
	},
}

// nameByAnother proposes that the one other trait people sign in with, which is
// no address, names passkeys.
func nameByAnother(schema *kratosconf.Value, address lint.Trait) []source.Edit {
	var other []lint.Trait
	for _, t := range lint.Traits(schema) {
		if t.Top && t.Required && t.Title != "" && t.RecoveryVia == "" && !t.Code && (t.Password || t.WebAuthn) {
			other = append(other, t)
		}
	}
	off := address.Annotation().Get("credentials.passkey.display_name").Edit("false")
	if len(other) != 1 || off == nil || address.WebAuthn {
		return nil
	}
	on := lint.InsertMember(other[0].Annotation().Get("credentials"), `"passkey": {"display_name": true}`)
	if on == nil {
		return nil
	}
	return append(off, on...)
}
