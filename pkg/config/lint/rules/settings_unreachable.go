package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var settingsUnreachable = &lint.Rule{
	ID: "settings-unreachable", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		severity := finding.Warning
		for _, m := range p.Enabled() {
			if !p.SignUpOpen(m) {
				severity = p.InProd(finding.Error, finding.Warning) // the only way to a passkey
			}
		}
		if len(p.Enabled()) > 0 {
			reportNoPage(p, "settings", severity, "users cannot add or remove passkeys")
		}
	},
}
