package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// identitySchemas reports identity schemas that Kratos does not load at start
// (embedx/identity_meta.schema.json: traits, an object with properties; measured on
// v1.3.1).
func identitySchemas(p *lint.Pass) {
	for _, s := range p.Schemas {
		if s.Root == nil || s.Root.Unknown() {
			continue
		}
		at := s.Root
		for i, path := range []string{"", "properties", "properties.traits", "properties.traits.properties"} {
			v := s.Root.Get(path)
			if v.Unknown() {
				break
			}
			// Traits that hold no property are as bad as none.
			if v.Is(kratosconf.Map) && (i < 3 || len(v.Fields()) > 0) {
				at = v
				continue
			}
			f := finding.Finding{
				Message: fmt.Sprintf("identity schema %q has no %s, so Kratos does not start", s.ID, path),
				Help:    "describe the traits under properties.traits.properties",
			}
			switch {
			case i == 0:
				f.Message = fmt.Sprintf("identity schema %q is of type %s and must be an object, so Kratos does not start", s.ID, v.Kind)
			case v != nil && i < 3:
				f.Message = fmt.Sprintf("%s of identity schema %q is of type %s and must be an object, so Kratos does not start", path, s.ID, v.Kind)
			}
			if v == nil {
				f.Span = at.Place()
				p.Report(f)
			} else {
				p.ReportAt(v, f)
			}
			break
		}
	}
}
