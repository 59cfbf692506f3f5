package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var logLeaksSensitiveValues = &lint.Rule{
	ID: "log-leaks-sensitive-values", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		v := p.Config.Get("log.leak_sensitive_values")
		if !v.True() || !p.Prod() || len(p.Enabled()) == 0 {
			return
		}
		p.ReportAt(v, lint.Finding{
			Message: "log.leak_sensitive_values writes cookies, codes and credentials to the log",
			Help:    "write false",
			Fix:     v.Replace("false"),
		})
	},
}
