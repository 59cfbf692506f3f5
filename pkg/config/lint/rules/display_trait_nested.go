package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var displayTraitNested = &lint.Rule{
	ID: "display-trait-nested", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, n := range p.Namings() {
			if len(n.Matches) > 0 || n.Titles > 1 {
				continue
			}
			t := n.Flagged[0]
			if t.Top {
				continue
			}
			p.Report(finding.Finding{
				Span:    t.Value.Place(),
				Message: fmt.Sprintf("trait %q labels passkeys but is nested: Kratos does not find it, and every registration fails with HTTP 500", t.Name),
				Help:    "annotate a trait directly under traits",
			})
		}
	},
}
