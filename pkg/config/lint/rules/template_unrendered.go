package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Kratos expands nothing in its configuration.
var templateUnrendered = &lint.Rule{
	ID: "template-unrendered", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			values := []*kratosconf.Value{m.ID}
			for _, o := range m.Origins {
				values = append(values, o.Value)
			}
			for _, v := range values {
				if !unrendered(p, v) {
					continue
				}
				f := finding.Finding{
					Message: fmt.Sprintf("%q is a placeholder for another program to fill in: Kratos expands nothing and uses it literally", v.Str),
					Help:    "render the file before Kratos reads it and lint the result with --rendered, or set the value by an environment variable of Kratos",
				}
				if p.Rendered {
					f.Severity = finding.Error
				}
				p.ReportAt(v, f)
				return // one is enough: the file was not rendered
			}
		}
	},
}

// unrendered reports whether a value still has to be rendered. It ignores
// braces and the like, because they mark a template file, which is always
// rendered before Kratos reads it.
func unrendered(p *lint.Pass, v *kratosconf.Value) bool {
	if p.Rendered {
		return passkeys.TemplateLeft(v.Text())
	}
	return v.Unknown() && !slices.ContainsFunc([]string{"{{", "{%", "<%"}, func(mark string) bool { return strings.Contains(v.Str, mark) })
}
