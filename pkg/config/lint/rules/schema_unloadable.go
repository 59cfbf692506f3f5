package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Kratos compiles every schema when it starts (ory/jsonschema v3, draft-07).
var schemaUnloadable = &lint.Rule{
	ID: "schema-unloadable", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, s := range p.Schemas {
			if s.URL == nil {
				continue
			}
			note := []finding.Note{{Span: s.URL.Place(), Message: "the schema is configured here"}}
			var syntax *kratosconf.SyntaxError
			switch draft := s.Root.Get("$schema"); {
			case errors.As(s.Err, &syntax):
				p.Report(finding.Finding{
					Span:    syntax.Span,
					Message: fmt.Sprintf("identity schema %q is not valid JSON: %s, so Kratos cannot load it", s.ID, syntax.Message),
					Help:    "fix the syntax here",
					Notes:   note,
				})
			case s.Err != nil && strings.HasPrefix(s.URL.Text(), "http"):
				p.ReportAt(s.URL, finding.Finding{
					Severity: finding.Warning, // Kratos may be able to reach it
					Message:  fmt.Sprintf("identity schema %q could not be fetched: %v", s.ID, s.Err),
					Help:     "make sure that Kratos can reach it, or ship it with Kratos as file:// or base64://",
				})
			case s.Err != nil:
				p.ReportAt(s.URL, finding.Finding{
					Message: fmt.Sprintf("identity schema %q could not be read: %v", s.ID, s.Err),
					Help:    "write base64:// followed by the schema in base64, or a file:// URL",
				})
			case strings.Contains(draft.Text(), "/2019-09/") || strings.Contains(draft.Text(), "/2020-12/"):
				p.ReportAt(draft, finding.Finding{
					Message: fmt.Sprintf("identity schema %q uses a draft of JSON Schema that Kratos does not support, so Kratos cannot load it", s.ID),
					Help:    "write \"http://json-schema.org/draft-07/schema#\"",
					Notes:   note,
				})
			}
		}
	},
}
