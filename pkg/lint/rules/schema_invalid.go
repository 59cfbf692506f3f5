package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// embedx/config.schema.json: both methods' blocks and their config have
// additionalProperties: false, also when the method is off.
var schemaInvalid = &lint.Rule{
	ID: "schema-invalid", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		for _, m := range []*lint.Method{p.Passkey, p.WebAuthn} {
			block := p.Config.Get(m.Path)
			unknownKeys(p, block, m.Path, []string{"config", "enabled"})
			allowed := []string{"rp", "display_name"} // display-name-misnested says it better
			switch m.Name {
			case "webauthn":
				allowed = append(allowed, "passwordless")
			case "passkey":
				allowed = append(allowed, "attestation", "authenticator_selection", "timeouts") // in newer versions
			}
			unknownKeys(p, m.Config, m.Path+".config", allowed)
			if m.RP.Is(kratosconf.Map) && m.RP.Get("display_name") == nil && m.Config.Get("display_name") == nil && m.ID.Exists() && !p.Config.Incomplete() {
				p.Report(lint.Finding{
					Span:    m.RP.Place(),
					Message: fmt.Sprintf("%s has no display_name, so Kratos refuses to start", m.RPPath()),
					Help:    "write display_name: the name of your application, which authenticators show",
				})
			}
		}
	},
}

// unknownKeys reports the keys of a block that Kratos' schema does not allow.
func unknownKeys(p *lint.Pass, block *kratosconf.Value, path string, allowed []string) {
	for _, f := range block.Fields() {
		if slices.Contains(allowed, f.Name) || strings.ContainsAny(f.Name, "{}$@%<>") {
			continue // a template's name is not known here
		}
		help := fmt.Sprintf("remove it; %s takes %s", path, strings.Join(slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "display_name" }), ", "))
		if slices.Contains([]string{"id", "origins"}, f.Name) {
			help = fmt.Sprintf("move it into %s.rp", strings.TrimSuffix(path, ".config")+".config")
		}
		p.Report(lint.Finding{
			Span:    f.Value.Key,
			Message: fmt.Sprintf("key %q is not allowed under %s, so Kratos refuses to start", f.Name, path),
			Help:    help,
		})
	}
}
