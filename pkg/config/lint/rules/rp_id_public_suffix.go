package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

var rpIDPublicSuffix = &lint.Rule{
	ID: "rp-id-public-suffix", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			id := m.ID.Str
			if !webauthn.IsPublicSuffix(id) {
				return
			}
			help := "write your own domain, which is one label longer"
			for _, page := range p.PagesOf(m) {
				if !page.Known || p.Browser(page.Page, id).OK {
					return
				}
				if domain := webauthn.RegistrableDomain(page.Page.Host); domain != "" && !page.Page.IP.IsValid() {
					help = fmt.Sprintf("write %q or the full host of the page", domain)
				}
			}
			p.ReportAt(m.ID, finding.Finding{
				Message: fmt.Sprintf("rp.id %q is a public suffix, under which anyone can register a name, so browsers reject it", id),
				Help:    help,
			})
		})
	},
}
