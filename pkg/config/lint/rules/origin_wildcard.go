package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var originWildcard = &lint.Rule{
	ID: "origin-wildcard", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *lint.Method, o lint.Origin) {
			if !strings.Contains(o.Text, "*") {
				return
			}
			p.ReportAt(o.Value, lint.Finding{
				Message: fmt.Sprintf("origin %q has a wildcard, which Kratos compares literally, so it matches nothing", o.Value.Str),
				Help:    "list each origin",
			})
		})
	},
}
