package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var requireVerifiedTrap = &lint.Rule{
	ID: "require-verified-trap", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		verification := p.Get("selfservice.flows.verification.enabled")
		if verification.True() || verification.Unknown() || !p.Version.AtLeast(kratosconf.VersionTriggerID) {
			return
		}
		if hook := requireVerified(p); hook != nil {
			p.ReportAt(hook.Get("hook"), finding.Finding{
				Message: "sign-in requires a verified address, but verification is disabled: users without one always get HTTP 403",
				Suggest: p.Set("selfservice.flows.verification.enabled", "true"),
				Help:    "set selfservice.flows.verification.enabled to true",
			})
		}
	},
}
