package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// selfservice/strategy/passkey/passkey_schema_extension.go at v1.3.1: Kratos
// finds the trait by its annotation, or else by webauthn.identifier.
var noDisplayName = &lint.Rule{
	ID: "no-display-name", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On {
			return
		}
		for _, s := range p.Schemas {
			traits := s.Root.Get("properties.traits")
			if s.Root == nil || !s.Default || passkeys.Annotated(traits, "passkey.display_name") || passkeys.Annotated(traits, "webauthn.identifier") || passkeys.Annotated(traits, "passkey.identifier") {
				continue
			}
			span := traits.Place()
			if traits == nil {
				span = s.Root.Place()
			}
			f := finding.Finding{
				Span: span,
				Message: fmt.Sprintf("no trait of identity schema %q is annotated with passkey.display_name: "+
					"every registration fails with HTTP 500, even with a password, and users cannot add passkeys", s.ID),
				Help: `annotate the trait that names an account with "ory.sh/kratos": {"credentials": {"passkey": {"display_name": true}}}, and give it a title`,
				Fix:  lint.Annotate(s.Root, `"passkey": {"display_name": true}`),
			}
			// Without a title to search for, Kratos uses a trait without one.
			if untitled := untitledTraits(s.Root); len(untitled) > 0 && !p.Version.AtLeast(kratosconf.VersionPolicy) {
				f.Severity = finding.Warning
				f.Message = fmt.Sprintf("no trait of identity schema %q is annotated with passkey.display_name: "+
					"Kratos labels passkeys with a trait without a title, %q%s", s.ID, untitled[0], orAnother(untitled))
			}
			if s.URL != nil {
				f.Notes = []finding.Note{{Span: s.URL.Place(), Message: "the schema is configured here"}}
			}
			p.Report(f)
		}
	},
}

// untitledTraits returns the names of the top-level traits without a title.
func untitledTraits(schema *kratosconf.Value) []string {
	var names []string
	for _, t := range passkeys.Traits(schema) {
		if t.Top && t.Title == "" {
			names = append(names, t.Name)
		}
	}
	return names
}

func orAnother(names []string) string {
	if len(names) == 1 {
		return ""
	}
	return " or another one, at random"
}
