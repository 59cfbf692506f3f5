package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// embedx/config.schema.json at v1.3.1: passkey's config has
// additionalProperties: false. An example in Ory's documentation gets it wrong.
var displayNameMisnested = &lint.Rule{
	ID: "display-name-misnested", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, m := range []*passkeys.Method{p.Passkey, p.WebAuthn} {
			if name := m.Config.Get("display_name"); name.Exists() {
				fix := p.RemoveField(name)
				if m.RP.Get("display_name") == nil && len(fix) > 0 {
					if moved := p.InsertPath(m.RPPath(), "display_name: "+quoted(name)); m.RP.Is(kratosconf.Map) && moved != nil {
						fix = append(fix, moved...)
					} else {
						fix = nil
					}
				}
				p.ReportAt(name, finding.Finding{
					Fix:     fix,
					Message: fmt.Sprintf("display_name is under %s.config instead of rp, so Kratos does not start", m.Path),
					Help:    fmt.Sprintf("move it to %s.display_name", m.RPPath()),
				})
			}
		}
	},
}

// quoted returns a scalar with its quotes, as written in the file.
func quoted(v *kratosconf.Value) string {
	data, s := v.Span.File.Data, v.Span
	if s.Start > 0 && s.End < len(data) && (data[s.End] == '"' || data[s.End] == '\'') && data[s.Start-1] == data[s.End] {
		return string(data[s.Start-1 : s.End+1])
	}
	return s.Text()
}
