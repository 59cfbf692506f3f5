package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// WebAuthn Level 3 §5.11. First versions: Chrome and Edge 128, Safari 18; no
// stable Firefox yet.
var originNeedsRor = &lint.Rule{
	ID: "origin-needs-ror", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			for _, o := range relatedOrigins(p, m) {
				p.ReportAt(o.Value, finding.Finding{
					Message: fmt.Sprintf("origin %q is outside of rp.id %q: browsers ask https://%s/.well-known/webauthn whether it belongs to it", o.Value.Str, m.ID.Str, m.ID.Str),
					Help:    "write it with oly-passkey wellknown generate webauthn; browsers before Chrome 128 and Safari 18, and Firefox, refuse all the same",
					Suggest: listRelated(p, o),
				})
			}
		})
	},
}

// relatedOrigins lists the origins of other sites that can only work through
// related origins, when the rp.id fits somewhere else.
func relatedOrigins(p *lint.Pass, m *passkeys.Method) []passkeys.Origin {
	fits := false
	pages := make(map[string]bool)
	for _, page := range p.PagesOf(m) {
		fits = fits || page.Known && !refuses(p, page.Page, m.ID.Str)
		pages[page.Bare()] = true
	}
	var out []passkeys.Origin
	for _, o := range m.Origins {
		if !o.Known || !o.IsWeb() {
			continue
		}
		if !refuses(p, o.Page, m.ID.Str) {
			fits = true
			continue
		}
		domain := webauthn.RegistrableDomain(o.Page.Host)
		if domain == "" || o.Page.IsLocalhost() || domain == webauthn.RegistrableDomain(m.ID.Str) || o.Page.Scheme != "https" || pages[o.Bare()] {
			continue
		}
		out = append(out, o)
	}
	if !fits {
		return nil
	}
	return out
}

// listRelated proposes the origin in the document, where that is a file.
func listRelated(p *lint.Pass, o passkeys.Origin) []source.Edit {
	if p.RelatedFile == nil {
		return nil
	}
	document, err := kratosconf.ParseJSON(p.RelatedFile)
	if err != nil {
		return nil
	}
	return yamledit.Append(document.Field("origins"), o.Page.Origin())
}
