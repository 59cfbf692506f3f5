package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var originWildcard = &lint.Rule{
	ID: "origin-wildcard", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *passkeys.Method, o passkeys.Origin) {
			if !strings.Contains(o.Text, "*") {
				return
			}
			p.ReportAt(o.Value, finding.Finding{
				Message: fmt.Sprintf("origin %q has a wildcard, which Kratos compares literally, so it matches nothing", o.Value.Str),
				Help:    "list each origin",
			})
		})
	},
}
