package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// embedx/config.schema.json at b86338da0: attestation is an object.
var attestationPointless = &lint.Rule{
	ID: "attestation-pointless", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On || !policyKeys(p) {
			return
		}
		v := p.Passkey.Config.Get("attestation.preference")
		if v.Text() != "direct" && v.Text() != "enterprise" && v.Text() != "indirect" {
			return
		}
		p.ReportAt(v, finding.Finding{
			Message: fmt.Sprintf("attestation.preference is %q: users see an extra prompt, but Kratos does not verify attestation", v.Str),
			Help:    "write none",
			Fix:     v.Replace("none"),
		})
	},
}
