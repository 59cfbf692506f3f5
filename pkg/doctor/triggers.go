package doctor

import (
	"fmt"
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/redact"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Plan is what ceremonies will do, known before they begin.
type Plan struct {
	Local    bool     // on this machine only, as far as the options tell
	Known    bool     // there is a configuration
	Triggers []string // web hooks, in the order of the walk, and mails
}

// Plan answers what ceremonies will do. The error is Run's.
func (o Options) Plan() (Plan, error) {
	v, err := newVisit(o)
	if err != nil {
		return Plan{}, err
	}
	defer v.client.close()
	p := Plan{Local: v.page.IsLocalhost() && isLocal(o.KratosURL) && isLocal(o.AdminURL), Known: v.config != nil}
	if p.Known {
		p.Triggers = triggers(v.config)
	}
	return p, nil
}

// isLocal tells whether a URL, where there is one, leads to this machine.
func isLocal(raw string) bool {
	if raw == "" {
		return true
	}
	page, err := webauthn.ParsePage(raw)
	return err == nil && (page.IsLocalhost() || page.IP.IsLoopback())
}

// triggers lists what ceremonies set off besides themselves.
func triggers(p *lint.Pass) []string {
	var out []string
	for _, flow := range []string{"registration", "login", "settings", "recovery"} {
		method := "passkey"
		if flow == "recovery" {
			method = "code"
			if p.SignUpOpen(p.Passkey) {
				continue // only where the pages offer no passkeys at sign-up
			}
		}
		before := p.Config.Get("selfservice.flows." + flow + ".before.hooks").Items()
		for _, v := range slices.Concat(before, p.Effective(flow, method).Items()) {
			if h := (lint.Hook{Value: v}); h.Name() == "web_hook" {
				out = append(out, fmt.Sprintf("%s: web_hook %s %s", flow, h.Key("method").Text(), redact.URL(h.Key("url").Text())))
			}
		}
	}
	if p.Config.Get("selfservice.flows.verification.enabled").True() {
		for _, s := range p.Schemas {
			if !s.Default {
				continue
			}
			for _, t := range lint.Traits(s.Root) {
				if via := t.Annotation().Get("verification.via").Text(); via != "" {
					out = append(out, fmt.Sprintf("registration: a verification message by %s to the trait %q", via, t.Name))
				}
			}
		}
	}
	return out
}
