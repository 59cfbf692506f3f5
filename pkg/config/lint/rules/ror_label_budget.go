package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// WebAuthn Level 3 §5.11.1 step 5: browsers process at least five labels. Chromium
// processes exactly five.
var rorLabelBudget = &lint.Rule{
	ID: "ror-label-budget", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			labels := make(map[string]bool)
			for _, o := range relatedOrigins(p, m) {
				label, _, _ := strings.Cut(webauthn.RegistrableDomain(o.Page.Host), ".")
				labels[label] = true
				if len(labels) > maxLabels && labels[label] {
					p.ReportAt(o.Value, finding.Finding{
						Message: fmt.Sprintf("with origin %q, %d registrable labels are outside rp.id, but browsers check only %d in a related origins document", o.Value.Str, len(labels), maxLabels),
						Help:    "use fewer names (example.com and example.co.uk count as one), or give this site its own rp.id",
					})
					return
				}
			}
		})
	},
}

const maxLabels = 5
