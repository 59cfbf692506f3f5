package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

var noRecoveryAddress = &lint.Rule{
	ID: "no-recovery-address", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		recovery := p.Get("selfservice.flows.recovery.enabled")
		if !recovery.True() || !p.Passkey.On && (!p.WebAuthn.On || !p.WebAuthn.FirstFactor) {
			return
		}
		for _, s := range p.Schemas {
			if s.Root == nil || !s.Default {
				continue
			}
			found := false
			for _, t := range passkeys.Traits(s.Root) {
				found = found || t.RecoveryVia != ""
			}
			if !found {
				p.ReportAt(recovery, finding.Finding{
					Message: fmt.Sprintf("recovery is enabled, but identity schema %q has no recovery address: users who lose their device lose their account", s.ID),
					Suggest: recoverByMail(s.Root),
					Help:    `annotate a trait with "recovery": {"via": "email"}`,
				})
			}
		}
	},
}

// recoverByMail proposes to annotate the schema's email address, if it has
// exactly one.
func recoverByMail(schema *kratosconf.Value) []source.Edit {
	var mails []passkeys.Trait
	for _, t := range passkeys.Traits(schema) {
		if t.Top && t.Value.Get("format").Text() == "email" && t.Annotation() != nil {
			mails = append(mails, t)
		}
	}
	if len(mails) != 1 {
		return nil
	}
	return yamledit.InsertMember(mails[0].Annotation(), `"recovery": {"via": "email"}`)
}
