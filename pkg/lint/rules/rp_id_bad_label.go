package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// WebAuthn wants a valid domain string (WHATWG URL).
var rpIDBadLabel = &lint.Rule{
	ID: "rp-id-bad-label", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(lint.RPIDBadLabel, func(m *lint.Method) {
			p.ReportAt(m.ID, lint.Finding{
				Message: fmt.Sprintf("rp.id %q is no valid domain: labels are 1 to 63 letters, digits and hyphens, between single dots", m.ID.Str),
				Help:    "write one domain without wildcards, spaces or a dot at either end",
			})
		})
	},
}
