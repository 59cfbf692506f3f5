package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// webauthn/user.go: with an empty name Kratos sends the relying party's.
var displayTraitOptional = &lint.Rule{
	ID: "display-trait-optional", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On {
			return
		}
		for _, s := range p.Schemas {
			for _, t := range lint.Traits(s.Root) {
				if !t.DisplayName || !t.Top || t.Required {
					continue
				}
				p.Report(lint.Finding{
					Span:    t.Value.Place(),
					Message: fmt.Sprintf("trait %q names passkeys and is not required: without it every account is called by the name of your application", t.Name),
					Help:    fmt.Sprintf("add %q to \"required\"", t.Name),
					Fix:     require(s.Root.Get("properties.traits"), t.Name),
				})
			}
		}
	},
}

// require adds a trait to the required ones.
func require(traits *kratosconf.Value, name string) []source.Edit {
	if required := traits.Get("required"); required.Exists() {
		return lint.AppendItem(required, name)
	}
	return lint.InsertMember(traits, fmt.Sprintf(`"required": [%q]`, name))
}
