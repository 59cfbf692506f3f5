package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

var noRecoveryAddress = &lint.Rule{
	ID: "no-recovery-address", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		recovery := p.Config.Get("selfservice.flows.recovery.enabled")
		if !recovery.True() || !p.Passkey.On && (!p.WebAuthn.On || !p.WebAuthn.FirstFactor) {
			return
		}
		for _, s := range p.Schemas {
			if s.Root == nil || !s.Default {
				continue
			}
			found := false
			for _, t := range lint.Traits(s.Root) {
				found = found || t.RecoveryVia != ""
			}
			if !found {
				p.ReportAt(recovery, lint.Finding{
					Message: fmt.Sprintf("recovery is on, and identity schema %q has no recovery address: who loses the device loses the account", s.ID),
					Help:    `annotate a trait with "recovery": {"via": "email"}`,
				})
			}
		}
	},
}
