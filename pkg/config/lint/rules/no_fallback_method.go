package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Kratos enables password by default.
var noFallbackMethod = &lint.Rule{
	ID: "no-fallback-method", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		methods := p.Get("selfservice.methods")
		password := methods.Get("password.enabled")
		if !p.Passkey.On || !password.False() || p.Incomplete() {
			return
		}
		for _, path := range []string{"code.passwordless_enabled", "oidc.enabled", "saml.enabled"} {
			if v := methods.Get(path); v.True() || v.Unknown() {
				return
			}
		}
		p.ReportAt(password, finding.Finding{
			Severity: p.InProd(finding.Error, finding.Warning),
			Message:  "passkeys are the only way to sign in: users who lose their device, or whose device does not support them, are locked out",
			Suggest:  p.Set("selfservice.methods.code.passwordless_enabled", "true"),
			Help:     "enable one-time codes (selfservice.methods.code.passwordless_enabled) or another first factor",
		})
	},
}
