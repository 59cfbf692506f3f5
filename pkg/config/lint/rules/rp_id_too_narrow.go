package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// An rp.id cannot be changed once users have enrolled: every passkey is bound
// to it.
var rpIDTooNarrow = &lint.Rule{
	ID: "rp-id-too-narrow", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			parent := webauthn.RegistrableDomain(m.ID.Str)
			if parent == "" || parent == m.ID.Str || kratosIsBeside(p, m.ID.Str, parent) {
				return
			}
			for _, path := range []string{"session.cookie.domain", "cookies.domain"} {
				domain := p.Get(path)
				if !strings.EqualFold(strings.TrimPrefix(domain.Text(), "."), parent) {
					continue
				}
				p.ReportAt(m.ID, finding.Finding{
					Message: fmt.Sprintf("rp.id %q is a single host, but sessions are valid for all of %q: its passkeys work nowhere else", m.ID.Str, parent),
					Suggest: m.ID.Edit(parent),
					Help:    fmt.Sprintf("set rp.id to %q before users enroll, or keep it if users only ever sign in on this host", parent),
					Notes:   []finding.Note{{Span: domain.Place(), Message: "sessions are valid for the whole domain"}},
				})
				return
			}
		})
	},
}

// kratosIsBeside reports whether Kratos has its own host under the parent. Then
// the cookies' domain has to cover Kratos, and says nothing about the pages.
func kratosIsBeside(p *lint.Pass, rpID, parent string) bool {
	base := p.BaseURL
	if !base.Known {
		return false
	}
	host := base.Page.Host
	return host != rpID && !strings.HasSuffix(host, "."+rpID) && webauthn.RegistrableDomain(host) == parent
}
