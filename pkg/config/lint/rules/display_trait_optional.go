package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// webauthn/user.go: with an empty name Kratos sends the relying party's. There is
// no fix: who may sign up is not decided by a linter.
var displayTraitOptional = &lint.Rule{
	ID: "display-trait-optional", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On {
			return
		}
		for _, s := range p.Schemas {
			for _, t := range passkeys.Traits(s.Root) {
				if !t.DisplayName || !t.Top || t.Required {
					continue
				}
				p.Report(finding.Finding{
					Span:    t.Value.Place(),
					Message: fmt.Sprintf("trait %q names passkeys and is not required: without it every account is called by the name of your application", t.Name),
					Help:    fmt.Sprintf("flag a trait that every account has; adding %q to \"required\" rejects sign-ups without it, and changes of accounts that lack it", t.Name),
				})
			}
		}
	},
}
