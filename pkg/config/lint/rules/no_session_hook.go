package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// A registration issues a session only through the `session` hook, which Kratos
// takes under a method alone (kratos schema, selfServiceAfterRegistration).
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
				Message: fmt.Sprintf("%s has no \"session\" hook: people who sign up with %s are not signed in afterwards", where, m.Name),
				Help:    fmt.Sprintf("add `- hook: session` to selfservice.flows.%s", where),
			}
			switch {
			case hasHook(hooks, "show_verification_ui") || mayRefuse(hooks):
				f.Severity = finding.Info // nobody is signed in before something else happened
			case p.VerifiesFirst():
				f.Severity = finding.Info
				f.Message += ", which may be meant, as sign-in asks for a verified address"
				f.Help = "leave it out: a session after the sign-up would sign in users whose address is not verified"
			// A list of the method's own would switch a generic one off.
			case hooks == nil && registration != nil && len(after.Get("hooks").Items()) == 0 && p.IssuesSession():
				f.Suggest = p.InsertPath("selfservice.flows."+where, "- hook: session")
			}
			if len(hooks.Items()) > 0 {
				f.Message += ", which may be meant, as there are other hooks"
				f.Help += ", or leave it out on purpose"
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

// mayRefuse tells whether a hook's answer can end the sign-up.
func mayRefuse(hooks *kratosconf.Value) bool {
	for _, h := range hooks.Items() {
		if h.Get("config.response.parse").True() || h.Get("config.can_interrupt").True() {
			return true
		}
	}
	return false
}
