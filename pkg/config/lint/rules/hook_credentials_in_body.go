package rules

import (
	"errors"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// identity.MarshalJSON omits them, so the field does not exist.
var hookCredentialsInBody = &lint.Rule{
	ID: "hook-credentials-in-body", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			var err *hookbody.Error
			if sent := p.Payload(h); !errors.As(sent.Err, &err) || err.MissingField != "credentials" {
				continue
			}
			p.ReportAt(h.Key("body"), finding.Finding{
				Message: "the body reads identity.credentials, which hooks never contain: " + consequence(h),
				Suggest: p.IDsOnly(h),
				Help:    "send identity.id, and let the receiver get the identity from the admin API with include_credential",
			})
		}
	},
}
