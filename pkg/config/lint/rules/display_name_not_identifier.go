package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var displayNameNotIdentifier = &lint.Rule{
	ID: "display-name-not-identifier", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On {
			return
		}
		for _, s := range p.Schemas {
			for _, t := range lint.Traits(s.Root) {
				if !t.DisplayName || t.WebAuthn || t.Password || t.Code {
					continue
				}
				p.Report(lint.Finding{
					Span:    t.Value.Place(),
					Message: fmt.Sprintf("trait %q labels passkeys but is not an identifier for any method: two accounts can have the same value", t.Name),
					Suggest: lint.InsertMember(t.Annotation().Get("credentials"), identifierOf(p)),
					Help:    `add "webauthn": {"identifier": true} (or password, or code) to its credentials`,
				})
			}
		}
	},
}

// identifierOf returns the annotation of an enabled method; webauthn's is
// harmless if that method is disabled.
func identifierOf(p *lint.Pass) string {
	if p.Config.Get("selfservice.methods.password.enabled").True() {
		return `"password": {"identifier": true}`
	}
	return `"webauthn": {"identifier": true}`
}
