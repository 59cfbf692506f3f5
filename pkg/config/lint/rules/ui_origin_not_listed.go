package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Kratos rejects every ceremony of such a page with "Error validating origin".
var uiOriginNotListed = &lint.Rule{
	ID: "ui-origin-not-listed", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			if len(m.Origins) == 0 || m.OriginsUnsure() {
				continue
			}
			for _, page := range p.PagesOf(m) {
				if !mayRun(p, m, page) || m.Lists(page.Origin) || lacksOnlyPort(m, page) || lacksOnlyTLS(m, page) {
					continue
				}
				p.Report(finding.Finding{
					Span: m.OriginsKey.Place(),
					Message: fmt.Sprintf("%s %q is not among the origins of %s, so Kratos rejects every ceremony there",
						page.Where(), page.Show(), m.Name),
					Help:  fmt.Sprintf("add %q to %s.origins", page.Show(), m.RPPath()),
					Notes: lint.PageNotes(page),
					Fix:   yamledit.Append(m.OriginsKey, page.Show()),
				})
			}
		}
	},
}

// mayRun reports whether the browser accepts the rp.id on the page, so that
// Kratos' check is the one that matters.
func mayRun(p *lint.Pass, m *passkeys.Method, page passkeys.Page) bool {
	if !page.Known || m.ID.Unknown() {
		return false
	}
	id := m.ID.Text()
	return id != "" && m.IDProblem == passkeys.RPIDOK && p.Browser(page.Page, id).OK
}
