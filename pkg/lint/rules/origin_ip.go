package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// WebAuthn §5.1.3 step 6: the effective domain must be a domain; an IP address
// is none.
var originIP = &lint.Rule{
	ID: "origin-ip", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			pages := p.PagesOf(m)
			onIP := false
			for _, page := range pages {
				if !page.Known || !page.Page.IP.IsValid() || page.Value == nil {
					continue
				}
				onIP = true
				p.ReportAt(page.Value, lint.Finding{
					Message: fmt.Sprintf("%s %q is at an IP address, and browsers refuse passkeys there whatever the rp.id", page.Name, page.Value.Str),
					Help:    `open the pages under a domain name, or under "localhost" during development`,
				})
			}
			if onIP {
				continue // one cause, one finding
			}
			for _, o := range m.Origins {
				if !o.Known || !o.Page.IP.IsValid() {
					continue
				}
				f := lint.Finding{
					Message: fmt.Sprintf("origin %q is an IP address, and browsers refuse passkeys there whatever the rp.id", o.Value.Str),
					Help:    `write a domain name, or "localhost" during development`,
				}
				if len(pages) > 0 {
					f.Severity = lint.Warning // no page is there
				}
				p.ReportAt(o.Value, f)
			}
		}
	},
}
