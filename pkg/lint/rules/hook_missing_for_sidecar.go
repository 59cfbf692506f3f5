package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

var hookMissingForSidecar = &lint.Rule{
	ID: "hook-missing-for-sidecar", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		var known *kratosconf.Value
		for _, h := range p.WebHooks() {
			if h.ToSidecar() {
				known = h.Config().Get("url")
			}
		}
		if known == nil {
			return
		}
		for _, m := range p.Enabled() {
			for _, flow := range []string{"registration", "login", "settings"} {
				noSignUp := !m.FirstFactor || p.Config.Get("selfservice.flows.registration.enabled").False()
				if flow == "registration" && noSignUp || tellsSidecar(p, flow, m.Name) {
					continue
				}
				where := fmt.Sprintf("selfservice.flows.%s.after.%s.hooks", flow, m.Name)
				p.Report(lint.Finding{
					Span:    p.Config.Near(where + ".0"),
					Message: fmt.Sprintf("the sidecar is not told after %s with %s: its index is late until it looks by itself", flow, m.Name),
					Help:    "add the hook to " + where,
					Notes:   []lint.Note{{Span: known.Place(), Message: "it is told here"}},
				})
			}
		}
	},
}

func tellsSidecar(p *lint.Pass, flow, method string) bool {
	for _, v := range p.Effective(flow, method).Items() {
		if v.Unknown() || v.Get("config").Unknown() || (lint.Hook{Value: v}).ToSidecar() {
			return true
		}
	}
	return false
}
