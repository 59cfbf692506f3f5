package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var rpIDNotCanonical = &lint.Rule{
	ID: "rp-id-not-canonical", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(lint.RPIDNotCanonical, func(m *lint.Method) {
			f := lint.Finding{
				Message: fmt.Sprintf("rp.id %q is not in the form that browsers use for hosts, and they compare it literally", m.ID.Str),
				Help:    "write it in lower case and in punycode",
			}
			if host := lint.CanonicalHost(m.ID.Str); host != "" {
				f.Help = fmt.Sprintf("write %q", host)
				f.Fix = m.ID.Edit(host)
			}
			p.ReportAt(m.ID, f)
		})
	},
}
