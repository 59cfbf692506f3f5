package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// A passkey counts as one factor, always (ory/kratos issues 2794 and 2978).
var requiredAALTrap = &lint.Rule{
	ID: "required-aal-trap", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On {
			return
		}
		methods := p.Config.Get("selfservice.methods")
		second := ""
		for _, name := range []string{"totp", "lookup_secret"} {
			if methods.Get(name + ".enabled").True() {
				second = name
			}
		}
		if p.WebAuthn.On && !p.WebAuthn.FirstFactor {
			second = "webauthn"
		}
		if second == "" {
			return
		}
		for _, path := range []string{"session.whoami.required_aal", "selfservice.flows.settings.required_aal"} {
			v := p.Config.Get(path)
			if v.Text() != "highest_available" {
				continue
			}
			p.ReportAt(v, lint.Finding{
				Message: fmt.Sprintf("a passkey counts as one factor, so who has %s as well is asked for it after every sign-in with a passkey", second),
				Suggest: v.Edit("aal1"),
				Help:    "write aal1 if the passkey shall be enough, or keep it and tell people",
			})
			return
		}
	},
}
