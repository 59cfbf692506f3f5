package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Kratos compares whole strings (go-webauthn v0.11.2, protocol/client.go).
var originTrailingSlash = &lint.Rule{
	ID: "origin-trailing-slash", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *passkeys.Method, o passkeys.Origin) {
			if o.Rest != "/" || !o.IsWeb() {
				return
			}
			bare := o.Trimmed()
			p.ReportAt(o.Value, finding.Finding{
				Message: fmt.Sprintf("origin %q ends with a slash; browsers never send one, so Kratos rejects every ceremony from there", o.Value.Str),
				Help:    fmt.Sprintf("write %q", bare),
				Fix:     o.Value.Edit(bare),
			})
		})
	},
}
