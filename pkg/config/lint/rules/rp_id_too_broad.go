package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// WebAuthn Level 3 §13.4.9: every subdomain of rp.id may run ceremonies for it.
var rpIDTooBroad = &lint.Rule{
	ID: "rp-id-too-broad", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			if webauthn.RegistrableDomain(m.ID.Str) != m.ID.Str {
				return
			}
			for _, path := range []string{"serve.public.cors.allowed_origins", "selfservice.allowed_return_urls"} {
				for _, v := range p.Get(path).Items() {
					_, host, ok := strings.Cut(v.Str, "://*.")
					if !ok || host != m.ID.Str && !strings.HasPrefix(host, m.ID.Str+"/") && !strings.HasPrefix(host, m.ID.Str+":") {
						continue
					}
					p.ReportAt(m.ID, finding.Finding{
						Message: fmt.Sprintf("rp.id %q lets every subdomain request its passkeys, and %q allows any subdomain", m.ID.Str, v.Str),
						Help:    "if others control some of them, set rp.id to the host of your sign-in pages before users enroll",
						Notes:   []finding.Note{{Span: v.Place(), Message: "all subdomains are trusted here"}},
					})
					return
				}
			}
		})
	},
}
