package rules

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Run; ory/kratos issue 4346.
var hookNilSessionID = &lint.Rule{
	ID: "hook-nil-session-id", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			sent := p.Payload(h)
			if h.List.Flow != "login" || !h.List.After || !strings.Contains(sent.JSON, hookbody.NilUUID) || strings.Contains(sent.JSON, hookbody.SampleSession) {
				continue // the whole context has a rule of its own
			}
			p.ReportAt(h.Key("body"), finding.Finding{
				Message: "the body sends session.id, which is the nil UUID in a login hook: the session is not saved yet",
				Suggest: p.IDsOnly(h),
				Help:    "leave it out, or ask Kratos for the sessions of the identity",
			})
		}
	},
}
