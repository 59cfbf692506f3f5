package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var uvDiscouraged = &lint.Rule{
	ID: "uv-discouraged", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		v := policy(p, "user_verification")
		if v.Text() != "discouraged" {
			return
		}
		p.ReportAt(v, finding.Finding{
			Message: "user_verification is discouraged, but the passkey is the only factor: anyone holding the key can sign in",
			Help:    "write preferred",
			Fix:     v.Replace("preferred"),
		})
	},
}
