package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var rpIcon = &lint.Rule{
	ID: "rp-icon", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			if icon := m.RP.Get("icon"); icon.Exists() {
				p.ReportAt(icon, finding.Finding{
					Message: "rp.icon is deprecated: Kratos and browsers ignore it",
					Help:    "remove it",
					Fix:     p.RemoveField(icon),
				})
			}
		}
	},
}
