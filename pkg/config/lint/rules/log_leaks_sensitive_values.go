package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var logLeaksSensitiveValues = &lint.Rule{
	ID: "log-leaks-sensitive-values", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		v := p.Get("log.leak_sensitive_values")
		if !v.True() || !p.Prod() || len(p.Enabled()) == 0 {
			return
		}
		p.ReportAt(v, finding.Finding{
			Message: "log.leak_sensitive_values writes cookies, codes and credentials to the log",
			Help:    "write false",
			Fix:     v.Replace("false"),
		})
	},
}
