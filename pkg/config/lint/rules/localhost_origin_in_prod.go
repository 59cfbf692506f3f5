package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Whatever listens on a user's own machine could then answer for the site.
var localhostOriginInProd = &lint.Rule{
	ID: "localhost-origin-in-prod", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if !p.Prod() {
			return
		}
		p.EachOrigin(func(m *passkeys.Method, o passkeys.Origin) {
			if !o.Known || !o.Page.IsLocalhost() && !o.Page.IP.IsLoopback() || len(m.Origins) < 2 {
				return
			}
			for _, page := range p.PagesOf(m) {
				if page.SameAs(o) {
					return
				}
			}
			p.ReportAt(o.Value, finding.Finding{
				Message: fmt.Sprintf("origin %q is trusted in production: no page is there, and whatever runs on people's machines may pose as one", o.Value.Str),
				Help:    "remove it, and list it in the configuration for development alone",
				Suggest: yamledit.DeleteItem(m.OriginsKey, o.Value),
			})
		})
	},
}
