package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// PostRegistrationPostPersistHooks, PostLoginHooks and PostSettings… use the
// generic list only if the method's is empty (driver/registry at v1.3.1).
var genericHooksShadowed = &lint.Rule{
	ID: "generic-hooks-shadowed", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			for _, flow := range []string{"registration", "login", "settings"} {
				after := p.Get("selfservice.flows." + flow + ".after")
				generic, own := after.Get("hooks"), after.Get(m.Name+".hooks")
				if len(own.Items()) == 0 {
					continue
				}
				var lost []*kratosconf.Value
				for _, h := range generic.Items() {
					parsed := passkeys.Hook{Value: h}.Parsed() && flow != "login" // hook-generic-parse-dead reports it
					if !repeated(own, h) && !parsed {
						lost = append(lost, h)
					}
				}
				if len(lost) > 0 {
					p.ReportAt(generic, finding.Finding{
						Message: fmt.Sprintf("%s.after.hooks never run after %s with %s: hooks under %s, even just `session`, disable the generic list", flow, flow, m.Name, m.Name),
						Help:    fmt.Sprintf("repeat them under selfservice.flows.%s.after.%s.hooks", flow, m.Name),
						Notes:   []finding.Note{{Span: own.Place(), Message: "these hooks run instead"}},
						Suggest: p.CopyHooks("selfservice.flows."+flow+".after."+m.Name+".hooks", lost...),
					})
				}
			}
		}
	},
}

// repeated reports whether a list has a hook of the same kind and URL.
func repeated(list, hook *kratosconf.Value) bool {
	for _, other := range list.Items() {
		if other.Unknown() || other.Get("hook").Text() == hook.Get("hook").Text() && other.Get("config.url").Text() == hook.Get("config.url").Text() {
			return true
		}
	}
	return hook.Unknown()
}
