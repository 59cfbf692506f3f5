package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var rpIDLocalhostProd = &lint.Rule{
	ID: "rp-id-localhost-prod", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		base := p.BaseURL
		public := base.Known && passkeys.IsPublic(base.Page)
		if !public && !p.Prod() {
			return
		}
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			if m.ID.Str != "localhost" && !strings.HasSuffix(m.ID.Str, ".localhost") {
				return
			}
			for _, page := range pagesAndOrigins(p, m) {
				if rejects(p, page.Page, m.ID.Str) {
					return // rp-id-not-suffix reports the page
				}
			}
			f := finding.Finding{
				Message: fmt.Sprintf("rp.id is %q in production: browsers reject it on every other host", m.ID.Str),
				Help:    "set rp.id to the domain on which users sign in",
			}
			if public {
				f.Notes = []finding.Note{{Span: base.Value.Place(), Message: "Kratos itself has a public address"}}
				if domain := p.Domain(m); domain != "" && fitsEverywhere(p, m, domain) {
					f.Suggest = m.ID.Edit(domain)
				}
				f.Help = fmt.Sprintf("set rp.id to the domain on which users sign in, such as %q", base.Page.Host)
			}
			p.ReportAt(m.ID, f)
		})
	},
}

// fitsEverywhere reports whether browsers accept an rp.id on every configured
// page and origin.
func fitsEverywhere(p *lint.Pass, m *passkeys.Method, id string) bool {
	for _, page := range p.PagesOf(m) {
		if page.Known && rejects(p, page.Page, id) {
			return false
		}
	}
	for _, o := range m.Origins {
		if o.IsWeb() && (!o.Known || rejects(p, o.Page, id)) {
			return false
		}
	}
	return true
}
