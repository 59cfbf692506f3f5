package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var kratosDevFlag = &lint.Rule{
	ID: "kratos-dev-flag", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		v := p.Get("dev")
		if !v.True() || !p.Prod() || len(p.Enabled()) == 0 {
			return
		}
		p.ReportAt(v, finding.Finding{
			Message: "dev mode is enabled: cookies are not Secure, and other checks are disabled",
			Help:    "remove it, and start Kratos with --dev during development",
			Fix:     p.RemoveField(v),
		})
	},
}
