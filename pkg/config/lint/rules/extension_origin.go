package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var extensionOrigin = &lint.Rule{
	ID: "extension-origin", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *lint.Method, o lint.Origin) {
			if !strings.HasSuffix(o.Scheme, "-extension") {
				return
			}
			p.ReportAt(o.Value, lint.Finding{
				Message: fmt.Sprintf("origin %q is a browser extension, which can request your site's passkeys", o.Value.Str),
				Help:    "keep it only if the extension is yours; in Firefox, its id differs between profiles",
			})
		})
	},
}
