package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var hooksNotMigrated = &lint.Rule{
	ID: "hooks-not-migrated", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On {
			return
		}
		for _, flow := range []string{"registration", "login", "settings"} {
			after := p.Get("selfservice.flows." + flow + ".after")
			if len(after.Get("passkey.hooks").Items()) > 0 || after.Unknown() || after.Get("passkey").Unknown() {
				continue
			}
			for _, other := range []string{"webauthn", "password"} {
				hooks := after.Get(other + ".hooks")
				if flow == "settings" && other == "password" || !hasHook(hooks, "web_hook") {
					continue
				}
				p.ReportAt(hooks, finding.Finding{
					Message: fmt.Sprintf("these hooks run after %s with %s, but none run after %s with passkey", flow, other, flow),
					Suggest: p.CopyHooks("selfservice.flows."+flow+".after.passkey.hooks", hooks.Items()...),
					Help:    fmt.Sprintf("repeat them under selfservice.flows.%s.after.passkey if they should also run for passkeys", flow),
				})
				break
			}
		}
	},
}
