package rules

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// A list in an environment variable is not trimmed either: "a, b" makes " b".
var originWhitespace = &lint.Rule{
	ID: "origin-whitespace", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(m *passkeys.Method, o passkeys.Origin) {
			if o.Value.Unknown() || !hasInvisible(o) || o.Value.Env != "" && strings.TrimLeft(o.Text, " ") == strings.TrimFunc(o.Text, invisible) {
				return // env-csv-space covers lists in the environment
			}
			bare := strings.Map(func(r rune) rune {
				if invisible(r) {
					return -1
				}
				return r
			}, o.Text)
			outcome := "it matches nothing"
			if refusesStart(m, o) {
				outcome = "Kratos does not start"
			}
			p.ReportAt(o.Value, finding.Finding{
				Message: fmt.Sprintf("origin %q contains white space or invisible characters, so %s", o.Value.Str, outcome),
				Help:    fmt.Sprintf("write %q", bare),
				Fix:     o.Value.Edit(bare),
			})
		})
	},
}

func hasInvisible(o passkeys.Origin) bool { return strings.IndexFunc(o.Text, invisible) >= 0 }

func invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
