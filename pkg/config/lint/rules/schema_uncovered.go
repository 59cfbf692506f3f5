package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var schemaUncovered = &lint.Rule{
	ID: "schema-uncovered", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On {
			return
		}
		for _, s := range p.Schemas {
			if s.Root == nil || s.Default || passkeys.Annotated(s.Root, "passkey.display_name") || passkeys.Annotated(s.Root, "webauthn.identifier") {
				continue
			}
			p.ReportAt(s.URL, finding.Finding{
				Message: fmt.Sprintf("identity schema %q has no trait that labels passkeys, so its users cannot add one", s.ID),
				Fix:     lint.Annotate(s.Root, `"passkey": {"display_name": true}`),
				Help:    `annotate a trait with "passkey": {"display_name": true}, or ignore this if they should not have passkeys`,
			})
		}
	},
}
