package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var originDuplicate = &lint.Rule{
	ID: "origin-duplicate", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			texts, bare := make(map[string]int), make(map[string]int) // the first of each
			for i, o := range m.Origins {
				at, listed := texts[folded(o.Text)]
				if !listed {
					texts[folded(o.Text)] = i
				}
				first, written := bare[o.Bare()]
				if !written {
					bare[o.Bare()] = i
				}
				if written && o.IsWeb() && (!listed || first < at) {
					at, listed = first, true
				}
				if !listed {
					continue
				}
				f := finding.Finding{
					Message: fmt.Sprintf("origin %q is listed twice", o.Value.Str),
					Help:    "remove one of them",
					Notes:   []finding.Note{{Span: m.Origins[at].Value.Place(), Message: "first listed here"}},
				}
				if strings.EqualFold(m.Origins[at].Text, o.Text) {
					f.Fix = yamledit.DeleteItem(m.OriginsKey, o.Value)
				}
				p.ReportAt(o.Value, f)
			}
		}
	},
}

// folded returns the same string for texts that differ only in letter case.
func folded(text string) string { return strings.ToLower(strings.ToUpper(text)) }
