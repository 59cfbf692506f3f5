package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Kratos compares whole strings; webauthn's schema even asks for a URI.
var originNoScheme = &lint.Rule{
	ID: "origin-no-scheme", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *lint.Method, o lint.Origin) {
			if o.Scheme != "" || strings.HasPrefix(o.Text, "android:") || strings.HasPrefix(o.Text, "ios:") || o.Value.Unknown() || strings.Contains(o.Text, "*") {
				return
			}
			f := lint.Finding{
				Message: fmt.Sprintf("origin %q has no scheme; browsers send it, so Kratos refuses every ceremony from there", o.Value.Str),
				Help:    "write \"https://\" before it",
			}
			if page, err := webauthn.ParsePage("https://" + strings.TrimSpace(o.Text)); err == nil {
				if page.IsLocalhost() {
					page.Scheme = "http"
				}
				f.Help = fmt.Sprintf("write %q", page.Origin())
				f.Fix = o.Value.Edit(page.Origin())
			}
			p.ReportAt(o.Value, f)
		})
	},
}
