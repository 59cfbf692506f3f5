package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// driver/config/config.go at v1.3.1, PasskeyConfig and WebAuthnConfig: without
// origins, Kratos allows only the scheme of serve.public.base_url with rp.id as
// the host.
var originsDefaulted = &lint.Rule{
	ID: "origins-defaulted", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		if p.Incomplete() {
			return
		}
		base := p.Get("serve.public.base_url")
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			if m.OriginsKey.Exists() || m.OriginsUnsure() || misspeltOrigins(m) {
				return
			}
			allowed := []string{webauthn.DefaultOrigin(m.ID.Str, base.Text())}
			if base == nil || base.Unknown() {
				// Only the environment or the renderer knows the scheme.
				allowed = []string{"https://" + m.ID.Str, "http://" + m.ID.Str}
			}
			fix := p.InsertPath(m.RPPath(), "origins: ["+strings.Join(pageList(p, m), ", ")+"]")
			for _, page := range p.PagesOf(m) {
				if !page.Known || !p.Browser(page.Page, m.ID.Str).OK || contains(allowed, page.Bare()) {
					continue
				}
				p.Report(finding.Finding{
					Span:    m.RP.Place(),
					Message: fmt.Sprintf("%s has no rp.origins, so Kratos expects only %q and rejects ceremonies on %q", m.Name, allowed[0], page.Bare()),
					Help:    fmt.Sprintf("add rp.origins with %q", page.Bare()),
					Notes:   lint.PageNotes(page),
					Fix:     fix,
				})
			}
		})
	},
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if webauthn.Kratos(s, "", []string{one}, "").OK {
			return true
		}
	}
	return false
}

// misspeltOrigins reports whether rp lists origins under a misspelt key, which
// rp-unknown-key reports.
func misspeltOrigins(m *passkeys.Method) bool {
	for _, f := range m.RP.Fields() {
		if meantKey(f.Name) == "origins" && f.Name != "origins" {
			return true
		}
	}
	return false
}

// pageList returns the origins, in quotes, of all pages on which the method may
// run.
func pageList(p *lint.Pass, m *passkeys.Method) []string {
	var out []string
	for _, page := range p.PagesOf(m) {
		if mayRun(p, m, page) {
			out = append(out, fmt.Sprintf("%q", page.Bare()))
		}
	}
	return out
}
