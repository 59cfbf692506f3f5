package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// versionFlags returns the first Kratos known to reject a key whose
// backup-eligible flag differs from the recorded one: it pins go-webauthn
// v0.11.2 (webauthn/login.go); v1.1.0 pins v0.8.4, which does not check.
func versionFlags() kratosconf.Version { return kratosconf.Version{Major: 1, Minor: 3, Patch: 1} }

var downgradeRisk = &lint.Rule{
	ID: "downgrade-risk", Severity: finding.Info,
	Check: func(p *lint.Pass) {
		if p.Before == nil || len(p.Enabled()) == 0 {
			return
		}
		// The key is wrong in many files, but a change to it announces an
		// upgrade.
		was, now := p.Before.Get("version"), p.Get("version")
		from, err := kratosconf.ParseVersion(was.Text())
		if err != nil {
			return
		}
		to, err := kratosconf.ParseVersion(now.Text())
		if err != nil {
			return
		}
		report := func(message, help string) {
			p.ReportAt(now, finding.Finding{
				Message: fmt.Sprintf("from %s to %s: %s", from, to, message),
				Help:    help + "; oly-passkey upgrade-check shows what else changes",
				Notes:   []finding.Note{{Span: was.Place(), Message: "previous version"}},
			})
		}
		policy := kratosconf.VersionPolicy
		if !from.AtLeast(versionFlags()) && to.AtLeast(versionFlags()) {
			report("Kratos starts to reject keys whose backup-eligible flag differs from the recorded one",
				"tell your support team: such a key has to be enrolled again")
		}
		switch {
		case !p.Passkey.On:
		case !from.AtLeast(policy) && to.AtLeast(policy):
			report("sign-up starts to offer phones and security keys too, unless authenticator_selection says otherwise",
				"tell users, and test the pages with both")
		case from.AtLeast(policy) && !to.AtLeast(policy):
			report("sign-up falls back to authenticators built into the device: no phones (QR code) and no security keys",
				"remove authenticatorAttachment in the page, as passkey.js does")
		}
	},
}
