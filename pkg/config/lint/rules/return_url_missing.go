package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var returnURLMissing = &lint.Rule{
	ID: "return-url-missing", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		allowed := p.Get("selfservice.allowed_return_urls")
		if len(allowed.Items()) == 0 {
			return
		}
		known := make(map[string]bool)
		values := append([]*kratosconf.Value{p.Get("selfservice.default_browser_return_url"), p.Get("serve.public.base_url")}, allowed.Items()...)
		for _, v := range values {
			o := passkeys.NewOrigin(v)
			if v.Unknown() || strings.Contains(v.Text(), "*") {
				return
			}
			if o.Known {
				known[o.Bare()] = true
			}
		}
		for _, m := range p.Enabled() {
			for _, page := range p.PagesOf(m) {
				if !page.Known || known[page.Bare()] {
					continue
				}
				p.ReportAt(allowed, finding.Finding{
					Message: fmt.Sprintf("%s %q is not in selfservice.allowed_return_urls: Kratos does not redirect users back there", page.Where(), page.Bare()),
					Help:    fmt.Sprintf("add %q", page.Bare()),
					Notes:   lint.PageNotes(page),
					Fix:     yamledit.Append(allowed, page.Bare()),
				})
			}
		}
	},
}
