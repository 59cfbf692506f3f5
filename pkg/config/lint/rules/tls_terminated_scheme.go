package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var tlsTerminatedScheme = &lint.Rule{
	ID: "tls-terminated-scheme", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		base := p.BaseURL
		for _, m := range p.Enabled() {
			for _, page := range p.PagesOf(m) {
				if mayRun(p, m, page) && !m.OriginsUnsure() && !m.Lists(page.Origin) && lacksOnlyTLS(m, page) {
					p.Report(lint.Finding{
						Span:    m.OriginsKey.Place(),
						Message: fmt.Sprintf("%s %q uses https, but the origins of %s list it as http, so Kratos rejects every ceremony there", page.Where(), page.Bare(), m.Name),
						Help:    fmt.Sprintf("add %q to %s.origins", page.Bare(), m.RPPath()),
						Notes:   page.Notes(),
						Fix:     lint.AppendItem(m.OriginsKey, page.Bare()),
					})
				}
				if base.Known && base.Page.Scheme == "http" && page.Known && page.Page.Scheme == "https" && base.Page.Host == page.Page.Host && !base.Page.IsLocalhost() {
					p.ReportAt(base.Value, lint.Finding{
						Message: fmt.Sprintf("serve.public.base_url %q uses http, but the pages on that host use https: browsers block Kratos' forms and script", base.Value.Str),
						Help:    "write \"https://\"; Kratos itself may listen on http behind the proxy",
						Notes:   page.Notes(),
					})
				}
			}
		}
	},
}

// lacksOnlyTLS reports whether an https page is listed as http.
func lacksOnlyTLS(m *lint.Method, page lint.Page) bool {
	if page.Page.Scheme != "https" {
		return false
	}
	want := page.Page
	want.Scheme = "http"
	return m.ListsPage(want)
}
