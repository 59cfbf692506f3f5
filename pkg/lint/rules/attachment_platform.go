package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

var attachmentPlatform = &lint.Rule{
	ID: "attachment-platform", Severity: lint.Info,
	Check: func(p *lint.Pass) {
		v := policy(p, "attachment", "authenticator_attachment")
		if v.Text() != "platform" {
			return
		}
		p.ReportAt(v, lint.Finding{
			Message: "only authenticators built into the device may register: no phones by QR code, no security keys",
			Suggest: lint.RemoveField(v),
			Help:    "remove it to take all of them",
		})
	},
}

// policy answers a key of the passkey method's authenticator_selection under one
// of its names, nil when this Kratos has none or the method is off.
func policy(p *lint.Pass, names ...string) *kratosconf.Value {
	if !p.Passkey.On || !policyKeys(p) {
		return nil
	}
	for _, name := range names {
		if v := p.Passkey.Config.Get("authenticator_selection." + name); v != nil {
			return v
		}
	}
	return nil
}
