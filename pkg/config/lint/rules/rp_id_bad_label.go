package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// WebAuthn requires a valid domain string (WHATWG URL).
var rpIDBadLabel = &lint.Rule{
	ID: "rp-id-bad-label", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDBadLabel, func(m *passkeys.Method) {
			var suggest []source.Edit
			if bare := strings.ToLower(strings.Trim(strings.TrimPrefix(m.ID.Str, "*."), " .")); passkeys.CheckRPID(bare) == passkeys.RPIDOK {
				suggest = m.ID.Edit(bare)
			} else if domain := p.Domain(m); domain != "" {
				suggest = m.ID.Edit(domain)
			}
			p.ReportAt(m.ID, finding.Finding{
				Suggest: suggest,
				Message: fmt.Sprintf("rp.id %q is not a valid domain: labels are 1 to 63 letters, digits and hyphens, separated by single dots", m.ID.Str),
				Help:    "write one domain without wildcards, spaces, or a leading or trailing dot",
			})
		})
	},
}
