package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Ory-Webhook-Trigger-Id comes with the analytics event, since v25.4.0.
var hookTriggerIDOff = &lint.Rule{
	ID: "hook-trigger-id-off", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			v := h.Config().Get("emit_analytics_event")
			if !v.False() || !p.Version.AtLeast(kratosconf.VersionTriggerID) {
				continue
			}
			p.ReportAt(v, finding.Finding{
				Message: "without the analytics event the hook has no Ory-Webhook-Trigger-Id, so its receiver cannot detect retries",
				Help:    "remove it",
				Fix:     p.RemoveField(v),
			})
		}
	},
}
