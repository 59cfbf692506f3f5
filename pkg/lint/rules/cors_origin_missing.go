package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

var corsOriginMissing = &lint.Rule{
	ID: "cors-origin-missing", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		cors := p.Config.Get("serve.public.cors")
		allowed := cors.Get("allowed_origins")
		base := p.BaseURL
		if !cors.Get("enabled").True() || len(allowed.Items()) == 0 || !base.Known {
			return
		}
		for _, m := range p.Enabled() {
			for _, page := range p.PagesOf(m) {
				if !page.Known || page.SameAs(base) || corsAllows(allowed, page.Bare()) {
					continue
				}
				p.Report(lint.Finding{
					Span:    allowed.Place(),
					Message: fmt.Sprintf("CORS is on, and %s %q is not allowed: its scripts cannot read Kratos' answers", page.Where(), page.Bare()),
					Help:    fmt.Sprintf("add %q to serve.public.cors.allowed_origins", page.Bare()),
					Notes:   page.Notes(),
					Fix:     lint.AppendItem(allowed, page.Bare()),
				})
			}
		}
	},
}

func corsAllows(allowed *kratosconf.Value, origin string) bool {
	for _, v := range allowed.Items() {
		if v.Unknown() {
			return true
		}
		before, after, wildcard := strings.Cut(v.Str, "*")
		if strings.EqualFold(strings.TrimSuffix(v.Str, "/"), origin) || wildcard && strings.HasPrefix(origin, before) && strings.HasSuffix(origin, after) {
			return true
		}
	}
	return false
}
