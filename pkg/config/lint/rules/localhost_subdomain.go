package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Chromium rejects "localhost" as a suffix because it has no registrable
// domain.
var localhostSubdomain = &lint.Rule{
	ID: "localhost-subdomain", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			if m.ID.Str != "localhost" {
				return
			}
			for _, page := range p.PagesOf(m) {
				if !page.Known || !page.Page.IsLocalhost() || page.Page.Host == "localhost" {
					continue
				}
				p.ReportAt(m.ID, finding.Finding{
					Message: fmt.Sprintf("browsers reject rp.id \"localhost\" on %q: it is not a registrable suffix of names below it", page.Bare()),
					Help:    fmt.Sprintf("set rp.id to %q, or open the page as localhost", page.Page.Host),
					Suggest: m.ID.Edit(page.Page.Host),
					Notes:   lint.PageNotes(page),
				})
			}
		})
	},
}
