package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Sign-in with the passkey method sends no list of credentials, so browsers
// find only discoverable ones.
var residentKeyWeak = &lint.Rule{
	ID: "resident-key-weak", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		v := policy(p, "resident_key")
		if v.Text() != "preferred" && v.Text() != "discouraged" {
			return
		}
		p.ReportAt(v, finding.Finding{
			Message: fmt.Sprintf("resident_key is %q, but passkey sign-in finds only discoverable credentials: some keys can be registered but never sign in", v.Str),
			Help:    "write required",
			Fix:     v.Replace("required"),
		})
	},
}
