package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

var identitySchemaNotFound = &lint.Rule{
	ID: "identity-schema-not-found", Severity: lint.Info,
	Check: func(p *lint.Pass) {
		for _, s := range p.Schemas {
			if s.Root != nil || s.URL == nil || s.Err != nil {
				continue
			}
			if s.Outside {
				p.ReportAt(s.URL, lint.Finding{
					Message: fmt.Sprintf("identity schema %q was not found beside the configuration, and %q is outside of the repository and not read, so its traits are not checked", s.ID, s.URL.Text()),
					Help:    fmt.Sprintf("name the file with --identity-schema %s=FILE, or read it with --allow-outside", s.ID),
				})
				continue
			}
			p.ReportAt(s.URL, lint.Finding{
				Message: fmt.Sprintf("identity schema %q was not found at %q, so its traits are not checked", s.ID, s.URL.Text()),
				Help:    fmt.Sprintf("name the file with --identity-schema %s=FILE", s.ID),
			})
		}
	},
}
