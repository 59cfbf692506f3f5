package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var legacyOneStep = &lint.Rule{
	ID: "legacy-one-step", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		v := p.Get("selfservice.flows.registration.enable_legacy_one_step")
		if !v.True() || len(p.Enabled()) == 0 {
			return
		}
		p.ReportAt(v, finding.Finding{
			Message: "enable_legacy_one_step is deprecated and will be removed",
			Help:    "remove it, and let the page handle two steps: traits first, then the passkey",
			Fix:     p.RemoveField(v),
		})
	},
}
