package doctor

import (
	"fmt"
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Plan describes what ceremonies will do.
type Plan struct {
	Local    bool     // the options only name this machine
	Known    bool     // the configuration is known
	Triggers []string // web hooks, in the order of the steps, and emails
}

// Plan returns what ceremonies will do. It returns the same errors as Run.
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

// isLocal reports whether a URL is empty or leads to this machine.
func isLocal(raw string) bool {
	if raw == "" {
		return true
	}
	page, err := webauthn.ParsePage(raw)
	return err == nil && (page.IsLocalhost() || page.IP.IsLoopback())
}

// triggers returns the hooks and emails that ceremonies trigger.
func triggers(p *passkeys.Config) []string {
	var out []string
	for _, flow := range []string{"registration", "login", "settings", "recovery"} {
		method := "passkey"
		if flow == "recovery" {
			method = "code"
			if p.SignUpOpen(p.Passkey) {
				continue // recovery is only used if the pages do not offer passkeys at sign-up
			}
		}
		before := p.Get("selfservice.flows." + flow + ".before.hooks").Items()
		for _, v := range slices.Concat(before, p.Effective(flow, method).Items()) {
			if h := (passkeys.Hook{Value: v}); h.Name() == "web_hook" {
				out = append(out, fmt.Sprintf("%s: web_hook %s %s", flow, h.Key("method").Text(), safetext.URL(h.Key("url").Text())))
			}
		}
	}
	if p.Get("selfservice.flows.verification.enabled").True() {
		for _, s := range p.Schemas {
			if !s.Default {
				continue
			}
			for _, t := range passkeys.Traits(s.Root) {
				if via := t.Annotation().Get("verification.via").Text(); via != "" {
					out = append(out, fmt.Sprintf("registration: a verification message via %s to the trait %q", via, t.Name))
				}
			}
		}
	}
	return out
}
