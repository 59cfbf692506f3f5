package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

var duplicateTitle = &lint.Rule{
	ID: "duplicate-title", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		for _, n := range p.Namings() {
			if n.Titles != 1 || len(n.Matches) < 2 {
				continue
			}
			for _, t := range n.Matches {
				if t.Flagged() {
					continue
				}
				p.ReportAt(t.Value.Get("title"), lint.Finding{
					Message: fmt.Sprintf("trait %q has the same title as the one that names passkeys: Kratos takes one of them, another one each time", t.Name),
					Help:    "give each trait a title of its own",
				})
			}
		}
	},
}
