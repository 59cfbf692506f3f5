package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Kratos compares whole strings.
var originNoScheme = &lint.Rule{
	ID: "origin-no-scheme", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(m *passkeys.Method, o passkeys.Origin) {
			if !lacksScheme(o) {
				return
			}
			outcome := "; browsers send one, so Kratos rejects every ceremony from there"
			if refusesStart(m, o) {
				outcome = ", so Kratos does not start"
			}
			f := finding.Finding{
				Message: fmt.Sprintf("origin %q has no scheme%s", o.Value.Str, outcome),
				Help:    "write \"https://\" in front of it",
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

func lacksScheme(o passkeys.Origin) bool {
	return o.Scheme == "" && !strings.HasPrefix(o.Text, "android:") && !strings.HasPrefix(o.Text, "ios:") && !o.Value.Unknown() && !strings.Contains(o.Text, "*")
}
