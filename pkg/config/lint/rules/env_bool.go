package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// configx parses booleans with strconv.ParseBool, and anything else as false.
var envBool = &lint.Rule{
	ID: "env-bool", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, v := range p.Env {
			if _, err := strconv.ParseBool(v.Value); err == nil || !v.IsBool() || v.Value == "" || !strings.Contains(v.Name, "_") {
				continue
			}
			help := "write true or false"
			if b, ok := meantBool(v.Value); ok {
				help = fmt.Sprintf("set %s=%s", v.Name, b)
			}
			p.Report(finding.Finding{
				Span:    v.Span,
				Message: fmt.Sprintf("%s is %q, which Kratos reads as false", v.Name, v.Value),
				Help:    help,
			})
		}
	},
}
