package rules

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Measured: request_cookies contains the Kratos session in settings and when
// users confirm a sign-in.
var hookSendsCookies = &lint.Rule{
	ID: "hook-sends-cookies", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if !strings.Contains(p.Payload(h).JSON, hookbody.SampleSession) {
				continue
			}
			p.ReportAt(h.Key("body"), finding.Finding{
				Message: "the body sends the request's cookies, including the Kratos session: whoever receives them can act as the user",
				Suggest: p.IDsOnly(h),
				Help:    "send only ids: function(ctx) { identity_id: ctx.identity.id, flow_id: ctx.flow.id }",
			})
		}
	},
}
