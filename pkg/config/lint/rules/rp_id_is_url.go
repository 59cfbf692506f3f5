package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var rpIDIsURL = &lint.Rule{
	ID: "rp-id-is-url", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDIsURL, func(m *passkeys.Method) {
			f := finding.Finding{
				Message: fmt.Sprintf("rp.id %q is not a bare domain: it has a scheme, port or path; browsers reject it on every page", m.ID.Str),
				Help:    "write only the domain",
			}
			if host := passkeys.HostOf(m.ID.Str); host != "" {
				f.Help = fmt.Sprintf("write %q", host)
				f.Fix = m.ID.Edit(host)
			}
			p.ReportAt(m.ID, f)
		})
	},
}
