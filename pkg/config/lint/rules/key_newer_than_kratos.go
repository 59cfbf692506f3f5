package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

// f2b149799 (June 2026) brought the keys; no release up to v26.2.0 has them.
var keyNewerThanKratos = &lint.Rule{
	ID: "key-newer-than-kratos", Severity: lint.Error, Last: true,
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
		p.Report(lint.Finding{
			Span:    v.Key,
			Message: fmt.Sprintf("Kratos %s does not know %s.config.%s and refuses to start", p.Version, p.Passkey.Path, name),
			Help:    "remove it, or name the newer Kratos with --kratos-version",
			Fix:     p.RemoveField(v),
		})
	}
}

// policyKeys tells whether the Kratos takes the keys of a ceremony's policy.
func policyKeys(p *lint.Pass) bool {
	return p.Version.AtLeast(kratosconf.VersionPolicy)
}
