package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// A schema that is missing on this machine is common in CI and may be correct,
// so this is not an error; but it was not checked either.
var identitySchemaNotFound = &lint.Rule{
	ID: "identity-schema-not-found", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, s := range p.Schemas {
			if s.Root != nil || s.URL == nil || s.Err != nil {
				continue
			}
			f := finding.Finding{
				Message: fmt.Sprintf("identity schema %q was not found at %q, so its traits are not checked", s.ID, s.URL.Text()),
				Help:    fmt.Sprintf("pass the file with --identity-schema %s=FILE", s.ID),
			}
			if s.Outside {
				f.Message = fmt.Sprintf("identity schema %q was not found next to the configuration, and %q is outside the repository and was not read, so its traits are not checked", s.ID, s.URL.Text())
				f.Help += ", or allow reading it with --allow-outside"
			}
			if p.Passkey.On && s.Default {
				f.Message += "; if none of them is annotated with passkey.display_name, every registration fails with HTTP 500"
			} else {
				f.Severity = finding.Info
			}
			p.ReportAt(s.URL, f)
		}
	},
}
