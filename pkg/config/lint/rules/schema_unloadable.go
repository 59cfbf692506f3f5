package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Kratos compiles every schema at start (ory/jsonschema v3, draft-07).
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
					Message: fmt.Sprintf("identity schema %q is no JSON: %s, so Kratos cannot load it", s.ID, syntax.Message),
					Help:    "mend the text at this place",
					Notes:   note,
				})
			case s.Err != nil && strings.HasPrefix(s.URL.Text(), "http"):
				p.ReportAt(s.URL, finding.Finding{
					Severity: finding.Warning, // Kratos may reach what is out of reach here
					Message:  fmt.Sprintf("identity schema %q was not fetched: %v", s.ID, s.Err),
					Help:     "see that Kratos can reach it, or ship it with Kratos as file:// or base64://",
				})
			case s.Err != nil:
				p.ReportAt(s.URL, finding.Finding{
					Message: fmt.Sprintf("identity schema %q cannot be read: %v", s.ID, s.Err),
					Help:    "write base64:// and the schema in base64, or a file:// URL",
				})
			case strings.Contains(draft.Text(), "/2019-09/") || strings.Contains(draft.Text(), "/2020-12/"):
				p.ReportAt(draft, finding.Finding{
					Message: fmt.Sprintf("identity schema %q is of a draft that Kratos does not know, so it cannot load it", s.ID),
					Help:    "write \"http://json-schema.org/draft-07/schema#\"",
					Notes:   note,
				})
			}
		}
	},
}
