package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var kratosDevFlag = &lint.Rule{
	ID: "kratos-dev-flag", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		v := p.Config.Get("dev")
		if !v.True() || !p.Prod() || len(p.Enabled()) == 0 {
			return
		}
		p.ReportAt(v, lint.Finding{
			Message: "dev mode is enabled: cookies are not Secure, and other checks are disabled",
			Help:    "remove it, and start Kratos with --dev during development",
			Fix:     p.RemoveField(v),
		})
	},
}
