package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

var attestationPointless = &lint.Rule{
	ID: "attestation-pointless", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On || !policyKeys(p) {
			return
		}
		v := p.Passkey.Config.Get("attestation")
		for _, inner := range []string{"conveyance", "preference", "conveyance_preference"} {
			if v.Get(inner) != nil {
				v = v.Get(inner)
			}
		}
		if v.Text() != "direct" && v.Text() != "enterprise" && v.Text() != "indirect" {
			return
		}
		p.ReportAt(v, lint.Finding{
			Message: fmt.Sprintf("attestation is %q: people see one more question, and Kratos verifies no attestation", v.Str),
			Help:    "write none",
			Fix:     v.Replace("none"),
		})
	},
}
