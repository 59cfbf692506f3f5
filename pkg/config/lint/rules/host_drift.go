package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var hostDrift = &lint.Rule{
	ID: "host-drift", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if !p.Prod() || len(p.Enabled()) == 0 {
			return
		}
		var public *passkeys.Page
		for i := range p.Pages {
			if page := &p.Pages[i]; public == nil && page.Value != nil && page.Known && passkeys.IsPublic(page.Page) {
				public = page
			}
		}
		if public == nil {
			return
		}
		for _, flow := range []string{"login", "registration", "settings", "recovery", "verification", "error"} {
			v := p.Get("selfservice.flows." + flow + ".ui_url")
			o := passkeys.NewOrigin(v)
			if !o.Known || !o.Page.IsLocalhost() && !o.Page.IP.IsLoopback() {
				continue
			}
			p.ReportAt(v, finding.Finding{
				Message: fmt.Sprintf("%s ui_url is still on %q while %s is on %q: users are sent to their own machine", flow, o.Page.Host, public.Name, public.Page.Host),
				Help:    fmt.Sprintf("write %q followed by the page's path", public.Bare()),
				Suggest: v.Edit(public.Bare() + o.Rest),
				Notes:   lint.PageNotes(*public),
			})
			return
		}
	},
}
