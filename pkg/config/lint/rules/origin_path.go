package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// WebAuthn §5.8.1: the client data contains an origin, which is scheme, host
// and port; Kratos compares whole strings.
var originPath = &lint.Rule{
	ID: "origin-path", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *passkeys.Method, o passkeys.Origin) {
			if !o.IsWeb() || (o.Rest == "" || o.Rest == "/") && o.User == "" {
				return
			}
			bare := o.Trimmed()
			p.ReportAt(o.Value, finding.Finding{
				Message: fmt.Sprintf("origin %q has more than scheme, host and port; browsers send only these, so Kratos rejects every ceremony from there", o.Value.Str),
				Help:    fmt.Sprintf("write %q", bare),
				Fix:     o.Value.Edit(bare),
			})
		})
	},
}
