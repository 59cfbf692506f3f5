package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// embedx/config.schema.json at v1.3.1: the oneOf of webauthn's rp.
var originAndOrigins = &lint.Rule{
	ID: "origin-and-origins", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		m := p.WebAuthn
		origin, origins := m.RP.Get("origin"), m.RP.Get("origins")
		switch {
		case origin.Exists() && origins.Exists():
			p.ReportAt(origin, lint.Finding{
				Message: "webauthn has both rp.origin and rp.origins, so Kratos refuses to start",
				Help:    fmt.Sprintf("list %q under rp.origins and remove rp.origin", origin.Text()),
				Notes:   []lint.Note{{Span: origins.Place(), Message: "rp.origins stands here"}},
			})
		case origin.Exists() && m.On:
			p.ReportAt(origin, lint.Finding{
				Severity: lint.Warning,
				Message:  "rp.origin is deprecated and holds only one origin",
				Help:     fmt.Sprintf("write rp.origins with the one element %q", origin.Text()),
			})
		}
	},
}
