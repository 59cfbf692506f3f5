package rules

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Measured; ory/kratos issue 4346.
var hookNilSessionID = &lint.Rule{
	ID: "hook-nil-session-id", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			sent := p.Payload(h)
			if h.List.Flow != "login" || !h.List.After || !strings.Contains(sent.JSON, hookbody.NilUUID) || strings.Contains(sent.JSON, hookbody.SampleSession) {
				continue // hook-sends-cookies reports the whole context
			}
			p.ReportAt(h.Key("body"), finding.Finding{
				Message: "the body sends session.id, which is the nil UUID in a login hook: the session is not saved yet",
				Suggest: p.IDsOnly(h),
				Help:    "leave it out, or get the identity's sessions from Kratos",
			})
		}
	},
}
