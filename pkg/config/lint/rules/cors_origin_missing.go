package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var corsOriginMissing = &lint.Rule{
	ID: "cors-origin-missing", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		cors := p.Get("serve.public.cors")
		allowed := cors.Get("allowed_origins")
		base := p.BaseURL
		if !cors.Get("enabled").True() || len(allowed.Items()) == 0 || !base.Known {
			return
		}
		allows := corsAllows(allowed)
		for _, m := range p.Enabled() {
			for _, page := range p.PagesOf(m) {
				if !page.Known || page.SameAs(base) || allows(page.Bare()) {
					continue
				}
				p.Report(finding.Finding{
					Span:    allowed.Place(),
					Message: fmt.Sprintf("CORS is enabled, but %s %q is not allowed: its scripts cannot read Kratos' responses", page.Where(), page.Bare()),
					Help:    fmt.Sprintf("add %q to serve.public.cors.allowed_origins", page.Bare()),
					Notes:   lint.PageNotes(page),
					Fix:     yamledit.Append(allowed, page.Bare()),
				})
			}
		}
	},
}

// corsAllows returns a function that reports whether an origin is allowed. If a
// template hides an entry, every origin is.
func corsAllows(allowed *kratosconf.Value) func(origin string) bool {
	texts := make(map[string]bool)
	var wildcards [][2]string
	unknown := false
	for _, v := range allowed.Items() {
		unknown = unknown || v.Unknown()
		texts[folded(strings.TrimSuffix(v.Str, "/"))] = true
		if before, after, ok := strings.Cut(v.Str, "*"); ok {
			wildcards = append(wildcards, [2]string{before, after})
		}
	}
	return func(origin string) bool {
		return unknown || texts[folded(origin)] || slices.ContainsFunc(wildcards, func(w [2]string) bool {
			return strings.HasPrefix(origin, w[0]) && strings.HasSuffix(origin, w[1])
		})
	}
}
