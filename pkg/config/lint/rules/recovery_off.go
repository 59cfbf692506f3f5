package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var recoveryOff = &lint.Rule{
	ID: "recovery-off", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		methods := p.Get("selfservice.methods")
		flows := p.Get("selfservice.flows")
		recovery := flows.Get("recovery.enabled")
		if !p.Passkey.On || recovery.True() || recovery.Unknown() || p.Incomplete() || flows == nil {
			return
		}
		// Users can still sign in with a code or an account elsewhere.
		for _, path := range []string{"code.passwordless_enabled", "oidc.enabled", "saml.enabled"} {
			if v := methods.Get(path); v.True() || v.Unknown() {
				return
			}
		}
		f := finding.Finding{
			Span:     p.Near("selfservice.flows.recovery.enabled"),
			Severity: finding.Warning,
			Message:  "recovery is disabled: users who lose their device and forget their password lose their account",
			Suggest:  p.Set("selfservice.flows.recovery.enabled", "true"),
			Help:     "set selfservice.flows.recovery.enabled to true and configure a courier",
		}
		if methods.Get("password.enabled").False() {
			f.Severity = p.InProd(finding.Error, finding.Warning)
			f.Message = "recovery is disabled: users who lose their device lose their account"
		}
		if recovery.Exists() {
			f.Span = recovery.Place()
		}
		p.Report(f)
	},
}
