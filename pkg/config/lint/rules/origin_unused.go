package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

var originUnused = &lint.Rule{
	ID: "origin-unused", Severity: finding.Info,
	Check: func(p *lint.Pass) {
		if len(p.Pages) == 0 || p.Incomplete() {
			return
		}
		for _, page := range p.Pages {
			if !page.Known {
				return // it may use the origin: a template, or only a path
			}
		}
		used := p.UsedOrigins()
		p.EachOrigin(func(m *passkeys.Method, o passkeys.Origin) {
			if !o.Known || !o.IsWeb() || strings.Contains(o.Host, "*") || o.Page.IP.IsValid() || used[o.Bare()] || p.Prod() && o.Page.IsLocalhost() {
				return
			}
			if id := m.ID.Text(); !m.ID.Unknown() && !webauthn.Browser(o.Page, &id, nil).OK {
				return // has its own rules, or is a related origin on purpose
			}
			p.ReportAt(o.Value, finding.Finding{
				Message: fmt.Sprintf("origin %q is trusted, but no configured page uses it", o.Value.Str),
				Help:    "remove it if it is left over, or pass it with --domain",
				Suggest: yamledit.DeleteItem(m.OriginsKey, o.Value),
			})
		})
	},
}
