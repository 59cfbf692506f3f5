package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var displayNameNotIdentifier = &lint.Rule{
	ID: "display-name-not-identifier", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On {
			return
		}
		for _, s := range p.Schemas {
			for _, t := range passkeys.Traits(s.Root) {
				if !t.DisplayName || t.WebAuthn || t.Password || t.Code {
					continue
				}
				p.Report(finding.Finding{
					Span:    t.Value.Place(),
					Message: fmt.Sprintf("trait %q labels passkeys but is not an identifier for any method: two accounts can have the same value", t.Name),
					Suggest: yamledit.InsertMember(t.Annotation().Get("credentials"), identifierOf(p)),
					Help:    `add "webauthn": {"identifier": true} (or password, or code) to its credentials`,
				})
			}
		}
	},
}

// identifierOf returns the annotation of an enabled method; webauthn's is
// harmless if that method is disabled.
func identifierOf(p *lint.Pass) string {
	if p.Get("selfservice.methods.password.enabled").True() {
		return `"password": {"identifier": true}`
	}
	return `"webauthn": {"identifier": true}`
}
