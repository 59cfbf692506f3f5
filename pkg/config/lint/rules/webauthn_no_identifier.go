package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// selfservice/strategy/webauthn at v1.3.1: the identifier is what users type,
// and the name of the key; without one, Kratos responds with message 4000009.
var webauthnNoIdentifier = &lint.Rule{
	ID: "webauthn-no-identifier", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		if !p.WebAuthn.On || !p.WebAuthn.FirstFactor {
			return
		}
		for _, s := range p.Schemas {
			traits := s.Root.Get("properties.traits")
			if s.Root == nil || !s.Default || passkeys.Annotated(traits, "webauthn.identifier") {
				continue
			}
			if p.Passkey.On && !passkeys.Annotated(traits, "passkey.display_name") {
				continue // no-display-name reports it
			}
			span := traits.Place()
			if traits == nil {
				span = s.Root.Place()
			}
			f := finding.Finding{
				Span: span,
				Message: fmt.Sprintf("no trait of identity schema %q is annotated with webauthn.identifier: "+
					"sign-up and sign-in with webauthn fail with \"Could not find any login identifiers\"", s.ID),
				Help: `annotate the trait that users type to sign in with "ory.sh/kratos": {"credentials": {"webauthn": {"identifier": true}}}`,
				Fix:  lint.Annotate(s.Root, `"webauthn": {"identifier": true}`),
			}
			if s.URL != nil {
				f.Notes = []finding.Note{{Span: s.URL.Place(), Message: "the schema is configured here"}}
			}
			p.Report(f)
		}
	},
}
