package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// A registration issues a session only through the `session` hook, which Kratos
// accepts only under a method (kratos schema, selfServiceAfterRegistration).
var noSessionHook = &lint.Rule{
	ID: "no-session-hook", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		registration := p.Get("selfservice.flows.registration")
		if registration.Get("enabled").False() || registration.Unknown() || p.Incomplete() {
			return
		}
		for _, m := range p.Enabled() {
			after := registration.Get("after")
			hooks := after.Get(m.Name + ".hooks")
			if !m.FirstFactor || after.Unknown() || after.Get(m.Name).Unknown() || hooks.Unknown() || hasHook(hooks, "session") {
				continue
			}
			where := "registration.after." + m.Name + ".hooks"
			f := finding.Finding{
				Message: fmt.Sprintf("%s has no \"session\" hook: users who sign up with the %s method are not signed in afterwards", where, m.Name),
				Help:    fmt.Sprintf("add `- hook: session` to selfservice.flows.%s", where),
			}
			switch {
			case hasHook(hooks, "show_verification_ui") || mayRefuse(hooks):
				f.Severity = finding.Info // users have to do something else first
			case p.VerifiesFirst():
				f.Severity = finding.Info
				f.Message += ", which may be intended, because sign-in requires a verified address"
				f.Help = "leave it out: a session after sign-up would sign in users whose address is not verified"
			// A new list would disable the generic one.
			case hooks == nil && registration != nil && len(after.Get("hooks").Items()) == 0 && p.IssuesSession():
				f.Suggest = p.InsertPath("selfservice.flows."+where, "- hook: session")
			}
			if len(hooks.Items()) > 0 {
				f.Message += ", which may be intended, because there are other hooks"
				f.Help += ", or leave it out if that is intended"
			}
			f.Span = p.Near("selfservice.flows." + where + ".0")
			p.Report(f)
		}
	},
}

func hasHook(hooks *kratosconf.Value, name string) bool {
	for _, h := range hooks.Items() {
		if h.Get("hook").Text() == name || h.Unknown() || h.Get("hook").Unknown() {
			return true
		}
	}
	return false
}

// mayRefuse reports whether a hook's response can end the sign-up.
func mayRefuse(hooks *kratosconf.Value) bool {
	for _, h := range hooks.Items() {
		if h.Get("config.response.parse").True() || h.Get("config.can_interrupt").True() {
			return true
		}
	}
	return false
}
