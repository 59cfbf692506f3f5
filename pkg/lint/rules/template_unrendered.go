package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// Kratos expands nothing in its configuration.
var templateUnrendered = &lint.Rule{
	ID: "template-unrendered", Severity: lint.Warning,
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
				f := lint.Finding{
					Message: fmt.Sprintf("%q is for another program to fill in: Kratos expands nothing and takes it letter by letter", v.Str),
					Help:    "render the file before Kratos reads it (envsubst, Helm), or set the value by an environment variable of Kratos",
				}
				if p.Rendered {
					f.Severity = lint.Error
				}
				p.ReportAt(v, f)
				return // one is enough: the file was not rendered
			}
		}
	},
}

// unrendered tells whether a value waits for a renderer. ${X} looks as if Kratos
// would read the environment; other marks belong to template files that nobody
// gives to Kratos as they are.
func unrendered(p *lint.Pass, v *kratosconf.Value) bool {
	if p.Rendered {
		return lint.TemplateLeft(v.Text())
	}
	return v.Unknown() && strings.Contains(v.Str, "$") && !strings.Contains(v.Str, "{{") && !strings.Contains(v.Str, "{%")
}
