package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

var originsDifferBetweenMethods = &lint.Rule{
	ID: "origins-differ-between-methods", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		a, b := p.Passkey, p.WebAuthn
		if !a.On || !b.On || len(a.Origins) == 0 || len(b.Origins) == 0 || a.OriginsUnsure() || b.OriginsUnsure() {
			return
		}
		used, pages := p.UsedOrigins(), pageOrigins(p)
		for _, pair := range [][2]*passkeys.Method{{a, b}, {b, a}} {
			for _, o := range pair[0].Origins {
				// ui-origin-not-listed reports pages that are not among the
				// origins.
				if pair[1].Lists(o) || pages[o.Bare()] || !o.IsWeb() {
					continue
				}
				var fix []source.Edit
				if used[o.Bare()] {
					fix = yamledit.Append(pair[1].OriginsKey, o.Show())
				}
				p.ReportAt(o.Value, finding.Finding{
					Message: fmt.Sprintf("origin %q is listed for %s but not for %s", o.Value.Str, pair[0].Name, pair[1].Name),
					Help:    "list the same origins for both",
					Fix:     fix,
				})
			}
		}
	},
}
