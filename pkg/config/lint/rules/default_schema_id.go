package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

var defaultSchemaID = &lint.Rule{
	ID: "default-schema-id", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		id := p.Get("identity.default_schema_id")
		schemas := p.Get("identity.schemas")
		if !id.Is(kratosconf.String) || id.Unknown() || len(schemas.Items()) == 0 || p.Incomplete() {
			return
		}
		var names, known []string
		for _, s := range schemas.Items() {
			v := s.Get("id")
			if v.Text() == id.Str || v.Unknown() || s.Unknown() || v == nil {
				return
			}
			names = append(names, v.Str)
			known = append(known, fmt.Sprintf("%q", v.Str))
		}
		meant := nearly(id.Str, names)
		if len(names) == 1 {
			meant = names[0]
		}
		var suggest []source.Edit
		if meant != "" {
			suggest = id.Edit(meant)
		}
		p.ReportAt(id, finding.Finding{
			Message: fmt.Sprintf("identity.default_schema_id %q is not one of the configured schemas, so every registration fails", id.Str),
			Help:    "write the id of a configured schema: " + strings.Join(known, ", "),
			Suggest: suggest,
			Notes:   []finding.Note{{Span: schemas.Place(), Message: "the schemas are listed here"}},
		})
	},
}
