package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var tlsTerminatedScheme = &lint.Rule{
	ID: "tls-terminated-scheme", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		base := p.BaseURL
		for _, m := range p.Enabled() {
			for _, page := range p.PagesOf(m) {
				if mayRun(p, m, page) && !m.OriginsUnsure() && !m.Lists(page.Origin) && lacksOnlyTLS(m, page) {
					p.Report(finding.Finding{
						Span:    m.OriginsKey.Place(),
						Message: fmt.Sprintf("%s %q is https, and the origins of %s list it as http, so Kratos refuses every ceremony there", page.Where(), page.Bare(), m.Name),
						Help:    fmt.Sprintf("add %q to %s.origins", page.Bare(), m.RPPath()),
						Notes:   lint.PageNotes(page),
						Fix:     yamledit.Append(m.OriginsKey, page.Bare()),
					})
				}
				if base.Known && base.Page.Scheme == "http" && page.Known && page.Page.Scheme == "https" && base.Page.Host == page.Page.Host && !base.Page.IsLocalhost() {
					p.ReportAt(base.Value, finding.Finding{
						Message: fmt.Sprintf("serve.public.base_url %q is http, and the pages on that host are https: browsers block the forms and the script that Kratos points to", base.Value.Str),
						Help:    "write \"https://\"; Kratos itself may listen on http behind the proxy",
						Notes:   lint.PageNotes(page),
					})
				}
			}
		}
	},
}

// lacksOnlyTLS tells whether the page's origin is listed but for its scheme, on
// a host where http would do.
func lacksOnlyTLS(m *passkeys.Method, page passkeys.Page) bool {
	if page.Page.Scheme != "https" {
		return false
	}
	want := page.Page
	want.Scheme = "http"
	return m.ListsPage(want)
}
