package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var accountEnumeration = &lint.Rule{
	ID: "account-enumeration", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		style := p.Get("selfservice.flows.login.style")
		mitigate := p.Get("security.account_enumeration.mitigate")
		if style.Text() != "identifier_first" || mitigate.True() || mitigate.Unknown() || len(p.Enabled()) == 0 {
			return
		}
		p.ReportAt(style, finding.Finding{
			Message: "with login style identifier_first, the sign-in page reveals who has an account",
			Fix:     p.Set("security.account_enumeration.mitigate", "true"),
			Help:    "set security.account_enumeration.mitigate to true",
		})
	},
}
