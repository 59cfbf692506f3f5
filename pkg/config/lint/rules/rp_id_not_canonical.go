package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var rpIDNotCanonical = &lint.Rule{
	ID: "rp-id-not-canonical", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDNotCanonical, func(m *passkeys.Method) {
			f := finding.Finding{
				Message: fmt.Sprintf("rp.id %q is not in the form that browsers use for hosts, and they compare it literally", m.ID.Str),
				Help:    "write it in lower case and in punycode",
			}
			if host := passkeys.CanonicalHost(m.ID.Str); host != "" {
				f.Help = fmt.Sprintf("write %q", host)
				f.Fix = m.ID.Edit(host)
			}
			p.ReportAt(m.ID, f)
		})
	},
}
