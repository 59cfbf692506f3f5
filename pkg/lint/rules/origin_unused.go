package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

var originUnused = &lint.Rule{
	ID: "origin-unused", Severity: lint.Info,
	Check: func(p *lint.Pass) {
		if len(p.Pages) == 0 || p.Config.Incomplete() {
			return
		}
		used := usedOrigins(p)
		p.EachOrigin(func(m *lint.Method, o lint.Origin) {
			if !o.Known || !o.IsWeb() || o.Page.IP.IsValid() || used[o.Bare()] || p.Prod() && o.Page.IsLocalhost() {
				return
			}
			if !m.ID.Unknown() && refuses(p, o.Page, m.ID.Text()) {
				return // has its own rules
			}
			p.ReportAt(o.Value, lint.Finding{
				Message: fmt.Sprintf("origin %q is trusted, but no page here is there", o.Value.Str),
				Help:    "remove it if it is left over, or name it with --domain",
				Suggest: lint.RemoveItem(m.OriginsKey, o.Value),
			})
		})
	},
}

// usedOrigins are the origins of all the URLs that people are sent to.
func usedOrigins(p *lint.Pass) map[string]bool {
	used := make(map[string]bool)
	add := func(v *kratosconf.Value) {
		if o := lint.NewOrigin(v); o.Known {
			used[o.Bare()] = true
		}
	}
	for _, page := range p.Pages {
		if page.Known {
			used[page.Bare()] = true
		}
	}
	for _, flow := range p.Config.Get("selfservice.flows").Fields() {
		add(flow.Value.Get("ui_url"))
	}
	for _, path := range []string{"selfservice.default_browser_return_url", "serve.public.base_url"} {
		add(p.Config.Get(path))
	}
	for _, path := range []string{"selfservice.allowed_return_urls", "serve.public.cors.allowed_origins"} {
		for _, v := range p.Config.Get(path).Items() {
			add(v)
		}
	}
	return used
}
