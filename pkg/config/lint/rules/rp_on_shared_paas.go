package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

var rpOnSharedPaas = &lint.Rule{
	ID: "rp-on-shared-paas", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			if webauthn.IsPublicSuffix(m.ID.Str) {
				return // rp-id-public-suffix reports it
			}
			for _, owner := range sharedDomains() {
				if m.ID.Str != owner && !strings.HasSuffix(m.ID.Str, "."+owner) {
					continue
				}
				p.ReportAt(m.ID, finding.Finding{
					Message: fmt.Sprintf("rp.id %q is under %q, which is not your domain: its passkeys cannot move to your own domain later", m.ID.Str, owner),
					Help:    "set up your own domain before users enroll",
				})
				return
			}
		})
	},
}

// sharedDomains returns domains under which a provider assigns names. It
// includes some public suffixes, because passkeys cannot move away from these
// either.
func sharedDomains() []string {
	return []string{
		"oryapis.com", "azurewebsites.net", "cloudapp.azure.com", "fly.dev", "herokuapp.com", "localtest.me", "lvh.me",
		"netlify.app", "ngrok.app", "ngrok.dev", "ngrok.io", "ngrok-free.app", "ngrok-free.dev", "nip.io", "onrender.com", "pages.dev", "run.app",
		"sslip.io", "traefik.me", "trycloudflare.com", "up.railway.app", "vercel.app", "workers.dev", "xip.io",
	}
}
