package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

var duplicateKey = &lint.Rule{
	ID: "duplicate-key", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		for _, d := range p.Config.Documents {
			for _, dup := range d.Duplicates {
				p.Report(lint.Finding{
					Span:    dup.Second,
					Message: fmt.Sprintf("duplicate key %q, so Kratos does not start", dup.Name),
					Help:    "keep only one of them",
					Suggest: lint.RemoveLine(dup.First),
					Notes:   []lint.Note{{Span: dup.First, Message: "first defined here"}},
				})
			}
		}
	},
}
