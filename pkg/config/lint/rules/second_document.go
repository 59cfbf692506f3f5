package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var secondDocument = &lint.Rule{
	ID: "second-document", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, d := range p.Documents {
			if d.Second.IsZero() || !kratosconf.LooksLikeKratos(d.Root) {
				continue
			}
			p.Report(finding.Finding{
				Span:    d.Second,
				Message: "a second YAML document starts here, but Kratos reads only the first",
				Help:    "move its content into the first document, or into its own file with another -c",
			})
		}
	},
}
