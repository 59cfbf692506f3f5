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
				if refuses(p, page.Page, m.ID.Str) {
					return // rp-id-not-suffix names the page
				}
			}
			f := finding.Finding{
				Message: fmt.Sprintf("rp.id is %q in production: browsers refuse it on every host but that one", m.ID.Str),
				Help:    "set rp.id to the domain on which people sign in",
			}
			if public {
				f.Notes = []finding.Note{{Span: base.Value.Place(), Message: "Kratos itself is at a public address"}}
				if domain := p.Domain(m); domain != "" && fitsEverywhere(p, m, domain) {
					f.Suggest = m.ID.Edit(domain)
				}
				f.Help = fmt.Sprintf("set rp.id to the domain on which people sign in, such as %q", base.Page.Host)
			}
			p.ReportAt(m.ID, f)
		})
	},
}

// fitsEverywhere tells whether browsers take an rp.id on all that is configured.
func fitsEverywhere(p *lint.Pass, m *passkeys.Method, id string) bool {
	for _, page := range p.PagesOf(m) {
		if page.Known && refuses(p, page.Page, id) {
			return false
		}
	}
	for _, o := range m.Origins {
		if o.IsWeb() && (!o.Known || refuses(p, o.Page, id)) {
			return false
		}
	}
	return true
}
