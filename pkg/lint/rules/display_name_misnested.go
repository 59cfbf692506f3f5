package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// embedx/config.schema.json at v1.3.1: passkey's config has
// additionalProperties: false; a sample of Ory's documentation has it wrong.
var displayNameMisnested = &lint.Rule{
	ID: "display-name-misnested", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		for _, m := range []*lint.Method{p.Passkey, p.WebAuthn} {
			if name := m.Config.Get("display_name"); name.Exists() {
				p.ReportAt(name, lint.Finding{
					Message: fmt.Sprintf("display_name stands under %s.config and not under rp, so Kratos refuses to start", m.Path),
					Help:    fmt.Sprintf("move it to %s.display_name", m.RPPath()),
				})
			}
		}
	},
}
