package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

var displayTraitAmbiguous = &lint.Rule{
	ID: "display-trait-ambiguous", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, n := range p.Namings() {
			if n.Titles < 2 {
				continue
			}
			f := finding.Finding{
				Span:    n.Flagged[1].Value.Place(),
				Message: fmt.Sprintf("traits %q and %q both name passkeys: Kratos finds neither, and every registration answers 500", n.Flagged[0].Name, n.Flagged[1].Name),
				Help:    "annotate one trait alone with passkey.display_name or webauthn.identifier, or one with both",
				Suggest: nameByFirst(n.Flagged),
				Notes:   []finding.Note{{Span: n.Flagged[0].Value.Place(), Message: "the other one"}},
			}
			if n.Untitled > 0 {
				f.Severity = finding.Warning
				f.Message = fmt.Sprintf("traits %q and %q both name passkeys: Kratos finds neither and takes any trait without a title", n.Flagged[0].Name, n.Flagged[1].Name)
			}
			p.Report(f)
		}
	},
}

// nameByFirst proposes that only the first trait that may name passkeys does,
// when the others are flagged for that alone.
func nameByFirst(flagged []passkeys.Trait) []source.Edit {
	var edits []source.Edit
	for _, t := range flagged[1:] {
		off := t.Annotation().Get("credentials.passkey.display_name").Edit("false")
		if t.WebAuthn || off == nil {
			return nil
		}
		edits = append(edits, off...)
	}
	return edits
}
