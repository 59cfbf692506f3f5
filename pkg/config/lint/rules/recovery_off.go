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
		// With a code or somebody else's account people come in all the same.
		for _, path := range []string{"code.passwordless_enabled", "oidc.enabled", "saml.enabled"} {
			if v := methods.Get(path); v.True() || v.Unknown() {
				return
			}
		}
		f := finding.Finding{
			Span:     p.Near("selfservice.flows.recovery.enabled"),
			Severity: finding.Warning,
			Message:  "recovery is off: who loses the device and forgets the password loses the account",
			Suggest:  p.Set("selfservice.flows.recovery.enabled", "true"),
			Help:     "set selfservice.flows.recovery.enabled and configure a courier",
		}
		if methods.Get("password.enabled").False() {
			f.Severity = p.InProd(finding.Error, finding.Warning)
			f.Message = "recovery is off: who loses the device loses the account"
		}
		if recovery.Exists() {
			f.Span = recovery.Place()
		}
		p.Report(f)
	},
}
