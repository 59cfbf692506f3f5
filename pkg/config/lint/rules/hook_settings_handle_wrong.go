package rules

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Run: after saving, Kratos has made the node anew, with a handle nobody has.
var hookSettingsHandleWrong = &lint.Rule{
	ID: "hook-settings-handle-wrong", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			sent := p.Payload(h)
			if h.List.Flow != "settings" || !h.List.After || h.Parsed() || !strings.Contains(sent.JSON, hookbody.SampleHandle) || strings.Contains(sent.JSON, hookbody.SampleSession) {
				continue // the whole context has a rule of its own
			}
			p.ReportAt(h.Key("body"), finding.Finding{
				Message: "the body reads the user handle from the flow's nodes, which were made anew: it is not the handle that was registered",
				Suggest: p.IDsOnly(h),
				Help:    "send identity.id, and let the receiver ask Kratos for the identity",
			})
		}
	},
}
