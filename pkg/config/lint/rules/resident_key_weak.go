package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Sign-in with the passkey method sends no list of credentials: only
// discoverable ones are found.
var residentKeyWeak = &lint.Rule{
	ID: "resident-key-weak", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		v := policy(p, "resident_key")
		if v.Text() != "preferred" && v.Text() != "discouraged" {
			return
		}
		p.ReportAt(v, finding.Finding{
			Message: fmt.Sprintf("resident_key is %q, and passkey sign-in finds discoverable credentials only: some keys register and never sign in", v.Str),
			Help:    "write required",
			Fix:     v.Replace("required"),
		})
	},
}
