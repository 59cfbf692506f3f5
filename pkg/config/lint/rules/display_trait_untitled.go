package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Without a title any trait without one is taken, another one in each flow (run:
// 45 times one, 15 times the other). Where there is only one, it works.
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
				Message: fmt.Sprintf("trait %q names passkeys and has no title: Kratos takes any trait without a title, another one each time", t.Name),
				Help:    `give it a "title" of its own`,
				Fix:     yamledit.InsertMember(t.Value, fmt.Sprintf(`"title": %q`, t.Name)),
			})
		}
	},
}
