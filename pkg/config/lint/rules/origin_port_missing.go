package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var originPortMissing = &lint.Rule{
	ID: "origin-port-missing", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			for _, page := range p.PagesOf(m) {
				if !mayRun(p, m, page) || m.OriginsUnsure() || m.Lists(page.Origin) || !lacksOnlyPort(m, page) {
					continue
				}
				p.Report(finding.Finding{
					Span: m.OriginsKey.Place(),
					Message: fmt.Sprintf("%s %q has a port, but the origins of %s list this host only without it, so Kratos rejects every ceremony there",
						page.Where(), page.Bare(), m.Name),
					Help:  fmt.Sprintf("add %q to %s.origins", page.Bare(), m.RPPath()),
					Notes: lint.PageNotes(page),
					Fix:   yamledit.Append(m.OriginsKey, page.Bare()),
				})
			}
		}
	},
}

// lacksOnlyPort reports whether the page's origin is listed except for its
// port.
func lacksOnlyPort(m *passkeys.Method, page passkeys.Page) bool {
	if page.Page.Port == 0 {
		return false
	}
	want := page.Page
	want.Port = 0
	return m.ListsPage(want)
}
