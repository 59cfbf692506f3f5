package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// address_verifier.go at v1.3.1 checks only password sign-ins. Measured: users
// with an unverified address can sign in with a passkey.
var requireVerifiedIgnored = &lint.Rule{
	ID: "require-verified-ignored", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		if hook := requireVerified(p); hook != nil && !p.Version.AtLeast(kratosconf.VersionTriggerID) {
			p.ReportAt(hook.Get("hook"), finding.Finding{
				Message: fmt.Sprintf("require_verified_address has no effect on passkeys in Kratos %s: users with an unverified address can sign in", p.Version),
				Help:    "upgrade to v25.4.0 or newer, or check the address in a web_hook with response.parse",
			})
		}
	},
}

// requireVerified returns the hook of that name that runs after a passkey
// sign-in, or nil.
func requireVerified(p *lint.Pass) *kratosconf.Value {
	if !p.Passkey.On {
		return nil
	}
	for _, h := range p.Effective("login", "passkey").Items() {
		if h.Get("hook").Text() == "require_verified_address" {
			return h
		}
	}
	return nil
}
