package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var duplicateKey = &lint.Rule{
	ID: "duplicate-key", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, d := range p.Documents {
			for _, dup := range d.Duplicates {
				p.Report(finding.Finding{
					Span:    dup.Second,
					Message: fmt.Sprintf("duplicate key %q, so Kratos does not start", dup.Name),
					Help:    "keep only one of them",
					Suggest: yamledit.DeleteLine(dup.First),
					Notes:   []finding.Note{{Span: dup.First, Message: "first defined here"}},
				})
			}
		}
	},
}
