package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var attachmentPlatform = &lint.Rule{
	ID: "attachment-platform", Severity: finding.Info,
	Check: func(p *lint.Pass) {
		v := policy(p, "attachment")
		if v.Text() != "platform" {
			return
		}
		p.ReportAt(v, finding.Finding{
			Message: "only authenticators built into the device can register: no phones (QR code) and no security keys",
			Suggest: p.RemoveField(v),
			Help:    "remove it to allow all authenticators",
		})
	},
}

// policy returns a key of the passkey method's authenticator_selection, or nil
// if this Kratos does not support it or the method is disabled.
func policy(p *lint.Pass, name string) *kratosconf.Value {
	if !p.Passkey.On || !policyKeys(p) {
		return nil
	}
	return p.Passkey.Config.Get("authenticator_selection." + name)
}
