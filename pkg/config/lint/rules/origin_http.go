package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Secure Contexts §3.1: http is trustworthy only for localhost and names below
// it; elsewhere navigator.credentials does not exist.
var originHTTP = &lint.Rule{
	ID: "origin-http", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *passkeys.Method, o passkeys.Origin) {
			if isPlainHTTP(o) {
				p.ReportAt(o.Value, finding.Finding{
					Message: fmt.Sprintf("origin %q uses http, but browsers offer passkeys only over https, except on localhost", o.Value.Str),
					Help:    "serve the pages over https and write \"https://\" here",
					Suggest: o.Value.Edit("https://" + strings.TrimPrefix(o.Page.Origin(), "http://")),
				})
			}
		})
		for _, m := range p.Enabled() {
			for _, page := range p.PagesOf(m) {
				if page.Value == nil || !isPlainHTTP(page.Origin) || m.Lists(page.Origin) {
					continue
				}
				p.ReportAt(page.Value, finding.Finding{
					Message: fmt.Sprintf("%s %q uses http, but browsers offer passkeys only over https, except on localhost", page.Name, page.Value.Str),
					Help:    "serve the page over https",
				})
			}
		}
	},
}

func isPlainHTTP(o passkeys.Origin) bool {
	return o.Known && o.Scheme == "http" && !o.Page.IsLocalhost() && !o.Page.IP.IsValid()
}
