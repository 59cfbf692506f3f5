package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var uvRequired = &lint.Rule{
	ID: "uv-required", Severity: finding.Info,
	Check: func(p *lint.Pass) {
		v := policy(p, "user_verification")
		if v.Text() != "required" {
			return
		}
		p.ReportAt(v, finding.Finding{
			Message: "user_verification is required: devices without a sensor or a PIN cannot sign in, and the reported verification cannot always be trusted",
			Help:    "write preferred unless a policy demands it",
		})
	},
}
