package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// embedx/identity_extension.schema.json at v1.3.1: credentials.passkey has only
// display_name.
var passkeyIdentifierTypo = &lint.Rule{
	ID: "passkey-identifier-typo", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, s := range p.Schemas {
			for _, t := range passkeys.Traits(s.Root) {
				wrong := t.Annotation().Get("credentials.passkey.identifier")
				if wrong == nil {
					continue
				}
				f := finding.Finding{
					Span:    wrong.Key,
					Message: fmt.Sprintf("trait %q has \"passkey\": {\"identifier\": …}, which Kratos does not know, so it does not start", t.Name),
					Help:    `write "display_name"`,
				}
				if t.Annotation().Get("credentials.passkey.display_name") == nil && wrong.Key.End > wrong.Key.Start {
					f.Fix = []source.Edit{{Span: wrong.Key, New: "display_name"}}
				}
				p.Report(f)
			}
		}
	},
}
