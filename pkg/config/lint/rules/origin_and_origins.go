package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// embedx/config.schema.json at v1.3.1: the oneOf of webauthn's rp.
var originAndOrigins = &lint.Rule{
	ID: "origin-and-origins", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		m := p.WebAuthn
		origin, origins := m.RP.Get("origin"), m.RP.Get("origins")
		switch {
		case origin.Exists() && origins.Exists():
			var fix []source.Edit
			if m.Lists(passkeys.NewOrigin(origin)) {
				fix = p.RemoveField(origin)
			}
			p.ReportAt(origin, finding.Finding{
				Fix:     fix,
				Message: "webauthn has both rp.origin and rp.origins, so Kratos does not start",
				Help:    fmt.Sprintf("list %q under rp.origins and remove rp.origin", origin.Text()),
				Notes:   []finding.Note{{Span: origins.Place(), Message: "rp.origins is here"}},
			})
		case origin.Exists() && m.On:
			p.ReportAt(origin, finding.Finding{
				Severity: finding.Warning,
				Message:  "rp.origin is deprecated and can hold only one origin",
				Help:     fmt.Sprintf("replace it with rp.origins: [%q]", origin.Text()),
				Fix:      renameOrigin(origin),
			})
		}
	},
}

// renameOrigin turns `origin: x` into `origins: ["x"]`.
func renameOrigin(origin *kratosconf.Value) []source.Edit {
	list := origin.Replace(fmt.Sprintf("[%q]", origin.Str))
	if list == nil || origin.Key.End == origin.Key.Start || strings.ContainsAny(origin.Str, "\"\\") {
		return nil
	}
	return append(list, source.Edit{Span: origin.Key, New: "origins"})
}
