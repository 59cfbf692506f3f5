package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var accountEnumeration = &lint.Rule{
	ID: "account-enumeration", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		style := p.Config.Get("selfservice.flows.login.style")
		mitigate := p.Config.Get("security.account_enumeration.mitigate")
		if style.Text() != "identifier_first" || mitigate.True() || mitigate.Unknown() || len(p.Enabled()) == 0 {
			return
		}
		p.ReportAt(style, lint.Finding{
			Message: "with login style identifier_first, the sign-in page reveals who has an account",
			Fix:     p.Set("security.account_enumeration.mitigate", "true"),
			Help:    "set security.account_enumeration.mitigate to true",
		})
	},
}
