package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

var originDuplicate = &lint.Rule{
	ID: "origin-duplicate", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			for i, o := range m.Origins {
				for _, first := range m.Origins[:i] {
					same := strings.EqualFold(first.Text, o.Text)
					if !same && (!o.IsWeb() || !first.SameAs(o)) {
						continue
					}
					f := lint.Finding{
						Message: fmt.Sprintf("origin %q is listed twice", o.Value.Str),
						Help:    "remove one of the two",
						Notes:   []lint.Note{{Span: first.Value.Place(), Message: "it stands here first"}},
					}
					if same {
						f.Fix = lint.RemoveItem(m.OriginsKey, o.Value)
					}
					p.ReportAt(o.Value, f)
					break
				}
			}
		}
	},
}
