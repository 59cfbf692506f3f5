package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var methodNewerThanKratos = &lint.Rule{
	ID: "method-newer-than-kratos", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		report := func(v *kratosconf.Value, since kratosconf.Version, what string) {
			if v == nil || p.Version.AtLeast(since) {
				return
			}
			p.Report(finding.Finding{
				Span:    v.Key,
				Message: fmt.Sprintf("Kratos %s does not know %s, which came with %s, so it does not start", p.Version, what, since),
				Help:    "upgrade Kratos, or remove it",
			})
		}
		report(p.Get(p.Passkey.Path), kratosconf.VersionPasskey, "the passkey method")
		report(p.WebAuthn.RP.Get("origins"), kratosconf.VersionOrigins, "rp.origins")
	},
}
