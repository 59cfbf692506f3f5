package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var settingsUnreachable = &lint.Rule{
	ID: "settings-unreachable", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		severity := lint.Warning
		for _, m := range p.Enabled() {
			if !p.SignUpOpen(m) {
				severity = p.InProd(lint.Error, lint.Warning) // the only way to a passkey
			}
		}
		if len(p.Enabled()) > 0 {
			reportNoPage(p, "settings", severity, "users cannot add or remove passkeys")
		}
	},
}
