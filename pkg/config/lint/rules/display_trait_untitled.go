package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// If the trait has no title, Kratos uses a random trait without one in each
// flow (measured: 45 times one, 15 times the other). If there is only one, it
// works.
var displayTraitUntitled = &lint.Rule{
	ID: "display-trait-untitled", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, n := range p.Namings() {
			if n.Titles > 0 || !n.Flagged[0].Top || n.Untitled < 2 {
				continue
			}
			t := n.Flagged[0]
			p.Report(finding.Finding{
				Span:    t.Value.Place(),
				Message: fmt.Sprintf("trait %q labels passkeys but has no title: in each flow, Kratos uses a random trait without a title", t.Name),
				Help:    `give it a unique "title"`,
				Fix:     yamledit.InsertMember(t.Value, fmt.Sprintf(`"title": %q`, t.Name)),
			})
		}
	},
}
