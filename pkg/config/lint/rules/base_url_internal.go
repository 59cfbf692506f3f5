package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Forms, redirects and the script webauthn.js all start with
// serve.public.base_url.
var baseURLInternal = &lint.Rule{
	ID: "base-url-internal", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		base := p.BaseURL
		if !base.Known || passkeys.IsPublic(base.Page) {
			return
		}
		for _, m := range p.Enabled() {
			for _, page := range p.PagesOf(m) {
				if !page.Known || page.Value == nil || !passkeys.IsPublic(page.Page) {
					continue
				}
				p.ReportAt(base.Value, finding.Finding{
					Message: fmt.Sprintf("serve.public.base_url %q cannot be reached from browsers, but %s is on the public host %q: its forms and passkey script point to the internal address", base.Value.Str, page.Name, page.Page.Host),
					Help:    "write the address at which browsers reach Kratos' public API",
					Suggest: base.Value.Edit(page.Bare() + "/"),
					Notes:   lint.PageNotes(page),
				})
				return
			}
		}
	},
}
