package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var duplicateTitle = &lint.Rule{
	ID: "duplicate-title", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, n := range p.Namings() {
			if n.Titles != 1 || len(n.Matches) < 2 {
				continue
			}
			for _, t := range n.Matches {
				if t.Flagged() {
					continue
				}
				p.ReportAt(t.Value.Get("title"), finding.Finding{
					Message: fmt.Sprintf("trait %q has the same title as the trait that labels passkeys: in each flow, Kratos uses one of them at random", t.Name),
					Suggest: t.Value.Get("title").Edit(titleOf(t.Name, t.Title)),
					Help:    "give each trait its own title",
				})
			}
		}
	},
}

// titleOf derives a title from a trait's name that differs from the current
// one.
func titleOf(name, not string) string {
	title := strings.ReplaceAll(name, "_", " ")
	title = strings.ToUpper(title[:1]) + title[1:]
	if title == not {
		return title + " 2"
	}
	return title
}
