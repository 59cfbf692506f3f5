package rules

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Before the identity is saved, its id is the nil UUID (measured; ory/kratos
// issues 3340 and 3504). Kratos itself does not fail, so this is a warning.
var hookNilIdentityID = &lint.Rule{
	ID: "hook-nil-identity-id", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if h.List.Flow != "registration" || h.List.Method == "" || !h.List.After || !h.Parsed() || !strings.Contains(p.Payload(h).JSON, hookbody.NilUUID) {
				continue
			}
			p.ReportAt(h.Key("body"), finding.Finding{
				Message: "the body sends identity.id, which is the nil UUID in a registration hook with response.parse",
				Help:    "send the id in a second hook without parse, which runs once the identity is saved; without parse, this hook could not reject sign-ups",
			})
		}
	},
}
