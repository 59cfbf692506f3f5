package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var envOverridesFile = &lint.Rule{
	ID: "env-overrides-file", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, m := range []*passkeys.Method{p.Passkey, p.WebAuthn} {
			for _, path := range []string{m.Path + ".enabled", m.RPPath() + ".id", m.RPPath() + ".display_name"} {
				v := p.Get(path)
				if v == nil || v.Env == "" || v.Overrode == nil || v.Overrode.Unknown() || v.Overrode.Str == v.Str {
					continue
				}
				p.ReportAt(v, finding.Finding{
					Message: fmt.Sprintf("%s sets %s to %q, but the file has %q", v.Env, path, v.Str, v.Overrode.Str),
					Help:    "set it in one place only, or keep the variable if the file is for another environment",
				})
			}
		}
	},
}
