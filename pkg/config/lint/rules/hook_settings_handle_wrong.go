package rules

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Measured: after saving, Kratos regenerates the node with a new, unused
// handle.
var hookSettingsHandleWrong = &lint.Rule{
	ID: "hook-settings-handle-wrong", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			sent := p.Payload(h)
			if h.List.Flow != "settings" || !h.List.After || h.Parsed() || !strings.Contains(sent.JSON, hookbody.SampleHandle) || strings.Contains(sent.JSON, hookbody.SampleSession) {
				continue // hook-sends-cookies reports the whole context
			}
			p.ReportAt(h.Key("body"), finding.Finding{
				Message: "the body reads the user handle from the flow's nodes, which have been regenerated: it is not the registered handle",
				Suggest: p.IDsOnly(h),
				Help:    "send identity.id, and let the receiver get the identity from Kratos",
			})
		}
	},
}
