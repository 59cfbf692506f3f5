package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var requireVerifiedTrap = &lint.Rule{
	ID: "require-verified-trap", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		verification := p.Config.Get("selfservice.flows.verification.enabled")
		if verification.True() || verification.Unknown() || !p.Version.AtLeast(kratosconf.VersionTriggerID) {
			return
		}
		if hook := requireVerified(p); hook != nil {
			p.ReportAt(hook.Get("hook"), lint.Finding{
				Message: "sign-in requires a verified address, but verification is disabled: users without one always get HTTP 403",
				Suggest: p.Set("selfservice.flows.verification.enabled", "true"),
				Help:    "set selfservice.flows.verification.enabled to true",
			})
		}
	},
}
