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

var wwwApex = &lint.Rule{
	ID: "www-apex", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		used, pages := p.UsedOrigins(), pageOrigins(p)
		p.EachOrigin(func(m *passkeys.Method, o passkeys.Origin) {
			if !o.Known || m.OriginsUnsure() || webauthn.RegistrableDomain(o.Page.Host) == "" {
				return
			}
			twin := o.Page
			if host, ok := strings.CutPrefix(twin.Host, "www."); ok {
				twin.Host = host
			} else {
				twin.Host = "www." + twin.Host
			}
			if !used[twin.Origin()] {
				return
			}
			if m.ListsBare(twin.Origin()) || pages[twin.Origin()] {
				return // listed, or another rule reports it
			}
			p.ReportAt(o.Value, finding.Finding{
				Message: fmt.Sprintf("origin %q is listed, but %q, which is also used here, is not", o.Value.Str, twin.Origin()),
				Help:    fmt.Sprintf("list %q too, or redirect it before users sign in", twin.Origin()),
				Suggest: yamledit.Append(m.OriginsKey, twin.Origin()),
			})
		})
	},
}

// pageOrigins returns the origins of all pages, as Bare returns them.
func pageOrigins(p *lint.Pass) map[string]bool {
	out := make(map[string]bool)
	for _, page := range p.Pages {
		out[page.Bare()] = true
	}
	return out
}
