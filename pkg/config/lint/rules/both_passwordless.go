package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var bothPasswordless = &lint.Rule{
	ID: "both-passwordless", Severity: finding.Info,
	Check: func(p *lint.Pass) {
		passwordless := p.WebAuthn.Config.Get("passwordless")
		if !p.Passkey.On || !p.WebAuthn.On || !passwordless.True() {
			return
		}
		p.ReportAt(passwordless, finding.Finding{
			Message: "both methods offer sign-in without a password, so a page that shows both asks users twice",
			Help:    "let the page lead with passkeys, and set `passwordless: false` once every user has one",
			Suggest: passwordless.Edit("false"),
		})
	},
}
