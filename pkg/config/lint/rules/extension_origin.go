package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var extensionOrigin = &lint.Rule{
	ID: "extension-origin", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *passkeys.Method, o passkeys.Origin) {
			if !strings.HasSuffix(o.Scheme, "-extension") {
				return
			}
			p.ReportAt(o.Value, finding.Finding{
				Message: fmt.Sprintf("origin %q is a browser extension, which can request your site's passkeys", o.Value.Str),
				Help:    "keep it only if the extension is yours; in Firefox, its id differs between profiles",
			})
		})
	},
}
