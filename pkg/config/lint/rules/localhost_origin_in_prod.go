package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Any program that listens on a user's machine could then pose as the site.
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
				Message: fmt.Sprintf("origin %q is trusted in production: none of your pages is there, but any program on a user's machine can serve one", o.Value.Str),
				Help:    "remove it, and list it only in the development configuration",
				Suggest: yamledit.DeleteItem(m.OriginsKey, o.Value),
			})
		})
	},
}
