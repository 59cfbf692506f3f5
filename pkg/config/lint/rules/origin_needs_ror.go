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

// WebAuthn Level 3 §5.11. Supported since Chrome and Edge 128 and Safari 18;
// not yet in a stable Firefox.
var originNeedsRor = &lint.Rule{
	ID: "origin-needs-ror", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			for _, o := range relatedOrigins(p, m) {
				p.ReportAt(o.Value, finding.Finding{
					Message: fmt.Sprintf("origin %q is outside rp.id %q: it works only if https://%s/.well-known/webauthn lists it", o.Value.Str, m.ID.Str, m.ID.Str),
					Help:    "generate that document with oly-passkey wellknown generate webauthn; Firefox, Chrome before 128 and Safari before 18 reject the origin anyway",
					Suggest: listRelated(p, o),
				})
			}
		})
	},
}

// relatedOrigins returns the origins of other sites, which work only as related
// origins, if the rp.id fits some other page or origin.
func relatedOrigins(p *lint.Pass, m *passkeys.Method) []passkeys.Origin {
	fits := false
	pages := make(map[string]bool)
	for _, page := range p.PagesOf(m) {
		fits = fits || page.Known && !rejects(p, page.Page, m.ID.Str)
		pages[page.Bare()] = true
	}
	var out []passkeys.Origin
	for _, o := range m.Origins {
		if !o.Known || !o.IsWeb() {
			continue
		}
		if !rejects(p, o.Page, m.ID.Str) {
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

// listRelated proposes to add the origin to the document, if that is a file.
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
