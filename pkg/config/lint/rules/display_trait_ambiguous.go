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
				Message: fmt.Sprintf("traits %q and %q both label passkeys: Kratos finds neither, and every registration fails with HTTP 500", n.Flagged[0].Name, n.Flagged[1].Name),
				Help:    "annotate only one trait with passkey.display_name or webauthn.identifier, or the same trait with both",
				Suggest: nameByFirst(n.Flagged),
				Notes:   []finding.Note{{Span: n.Flagged[0].Value.Place(), Message: "the other trait"}},
			}
			if n.Untitled > 0 {
				f.Severity = finding.Warning
				f.Message = fmt.Sprintf("traits %q and %q both label passkeys: Kratos finds neither and uses a trait without a title instead", n.Flagged[0].Name, n.Flagged[1].Name)
			}
			p.Report(f)
		}
	},
}

// nameByFirst proposes that only the first of the traits labels passkeys, if
// the others have no other annotation for it.
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
