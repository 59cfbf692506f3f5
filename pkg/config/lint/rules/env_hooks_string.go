package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Kratos' schema gives lists of hooks no type that configx can parse.
var envHooksString = &lint.Rule{
	ID: "env-hooks-string", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, v := range p.Env {
			if !strings.HasSuffix(v.Path(), ".hooks") || !p.Get(v.Path()).Is(kratosconf.String) {
				continue
			}
			p.Report(finding.Finding{
				Span:    v.Span,
				Message: fmt.Sprintf("Kratos reads %s as a string, even if it is JSON, so it does not start", v.Name),
				Help:    "list the hooks in a file; a variable can only set single keys of the first hook, such as " + v.Name + "_0_CONFIG_URL",
			})
		}
	},
}
