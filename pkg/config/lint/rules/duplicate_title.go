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
					Message: fmt.Sprintf("trait %q has the same title as the one that names passkeys: Kratos takes one of them, another one each time", t.Name),
					Suggest: t.Value.Get("title").Edit(titleOf(t.Name, t.Title)),
					Help:    "give each trait a title of its own",
				})
			}
		}
	},
}

// titleOf makes a title of a trait's name that differs from the one it has.
func titleOf(name, not string) string {
	title := strings.ReplaceAll(name, "_", " ")
	title = strings.ToUpper(title[:1]) + title[1:]
	if title == not {
		return title + " 2"
	}
	return title
}
