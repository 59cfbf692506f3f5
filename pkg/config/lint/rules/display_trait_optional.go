package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// webauthn/user.go: if the name is empty, Kratos sends the relying party's.
// There is no fix, because a linter must not decide who may sign up.
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
					Message: fmt.Sprintf("trait %q labels passkeys but is optional: accounts without it all show your application's name", t.Name),
					Help:    fmt.Sprintf("annotate a trait that every account has; adding %q to \"required\" would reject sign-ups without it, and settings changes of accounts that lack it", t.Name),
				})
			}
		}
	},
}
