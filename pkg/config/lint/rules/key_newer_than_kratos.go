package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// f2b149799 (June 2026) added the keys; no release up to v26.2.0 has them.
var keyNewerThanKratos = &lint.Rule{
	ID: "key-newer-than-kratos", Severity: finding.Error, Last: true,
	Check: func(p *lint.Pass) {
		if !policyKeys(p) {
			newPolicy(p)
		}
		otherReleases(p)
	},
}

// newPolicy reports the policy of a ceremony.
func newPolicy(p *lint.Pass) {
	for _, name := range []string{"attestation", "authenticator_selection", "timeouts"} {
		v := p.Passkey.Config.Get(name)
		if v == nil {
			continue
		}
		p.Report(finding.Finding{
			Span:    v.Key,
			Message: fmt.Sprintf("Kratos %s does not know %s.config.%s, so it does not start", p.Version, p.Passkey.Path, name),
			Help:    "remove it, or pass --kratos-version if your Kratos is newer",
			Fix:     p.RemoveField(v),
		})
	}
}

// policyKeys reports whether this Kratos supports the keys of the ceremony
// policy.
func policyKeys(p *lint.Pass) bool {
	return p.Version.AtLeast(kratosconf.VersionPolicy)
}
