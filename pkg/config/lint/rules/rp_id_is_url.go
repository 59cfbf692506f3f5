package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var rpIDIsURL = &lint.Rule{
	ID: "rp-id-is-url", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(lint.RPIDIsURL, func(m *lint.Method) {
			f := lint.Finding{
				Message: fmt.Sprintf("rp.id %q is not a bare domain: it has a scheme, port or path; browsers reject it on every page", m.ID.Str),
				Help:    "write only the domain",
			}
			if host := lint.HostOf(m.ID.Str); host != "" {
				f.Help = fmt.Sprintf("write %q", host)
				f.Fix = m.ID.Edit(host)
			}
			p.ReportAt(m.ID, f)
		})
	},
}
