package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// versionFlags is the first Kratos known to refuse a key whose backup-eligible
// flag is not the recorded one: it pins go-webauthn v0.11.2 (webauthn/login.go),
// and v1.1.0 pins v0.8.4, which does not look.
func versionFlags() kratosconf.Version { return kratosconf.Version{Major: 1, Minor: 3, Patch: 1} }

var downgradeRisk = &lint.Rule{
	ID: "downgrade-risk", Severity: finding.Info,
	Check: func(p *lint.Pass) {
		if p.Before == nil || len(p.Enabled()) == 0 {
			return
		}
		// The key is wrong in many a file, but who changes it says what happens.
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
				Message: fmt.Sprintf("from %s to %s %s", from, to, message),
				Help:    help + "; oly-passkey upgrade-check shows what else changes",
				Notes:   []finding.Note{{Span: was.Place(), Message: "the version before"}},
			})
		}
		policy := kratosconf.VersionPolicy
		if !from.AtLeast(versionFlags()) && to.AtLeast(versionFlags()) {
			report("Kratos starts to refuse keys whose backup-eligible flag is not the recorded one",
				"tell support: such a key has to be enrolled anew")
		}
		switch {
		case !p.Passkey.On:
		case !from.AtLeast(policy) && to.AtLeast(policy):
			report("sign-up starts to offer phones and security keys as well, unless authenticator_selection says otherwise",
				"tell people, and try the pages with both")
		case from.AtLeast(policy) && !to.AtLeast(policy):
			report("sign-up falls back to authenticators built into the device: no phones by QR code, no security keys",
				"drop authenticatorAttachment in the page, as passkey.js does")
		}
	},
}
