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
						Message: fmt.Sprintf("%s %q uses https, but the origins of %s list it as http, so Kratos rejects every ceremony there", page.Where(), page.Bare(), m.Name),
						Help:    fmt.Sprintf("add %q to %s.origins", page.Bare(), m.RPPath()),
						Notes:   lint.PageNotes(page),
						Fix:     yamledit.Append(m.OriginsKey, page.Bare()),
					})
				}
				if base.Known && base.Page.Scheme == "http" && page.Known && page.Page.Scheme == "https" && base.Page.Host == page.Page.Host && !base.Page.IsLocalhost() {
					p.ReportAt(base.Value, finding.Finding{
						Message: fmt.Sprintf("serve.public.base_url %q uses http, but the pages on that host use https: browsers block Kratos' forms and script", base.Value.Str),
						Help:    "write \"https://\"; Kratos itself may listen on http behind the proxy",
						Notes:   lint.PageNotes(page),
					})
				}
			}
		}
	},
}

// lacksOnlyTLS reports whether an https page is listed as http.
func lacksOnlyTLS(m *passkeys.Method, page passkeys.Page) bool {
	if page.Page.Scheme != "https" {
		return false
	}
	want := page.Page
	want.Scheme = "http"
	return m.ListsPage(want)
}
