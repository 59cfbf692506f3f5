package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// configx merges lists from the environment element by element.
var envArrayTail = &lint.Rule{
	ID: "env-array-tail", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			items := m.OriginsKey.Items()
			if len(items) < 2 || items[0].Env == "" || items[len(items)-1].Env != "" {
				continue
			}
			last := items[len(items)-1]
			p.ReportAt(last, finding.Finding{
				Message: fmt.Sprintf("origin %q stays trusted: %s sets fewer origins than the file, and Kratos merges the lists element by element", last.Str, items[0].Env),
				Suggest: yamledit.DeleteItem(m.OriginsKey, last),
				Help:    "list the origins in one place only",
				Notes:   []finding.Note{{Span: items[0].Span, Message: "the variable is set here"}},
			})
		}
	},
}
