package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Run: the user gets a 500, and the identity already exists.
var hookNotIgnored = &lint.Rule{
	ID: "hook-not-ignored", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if !h.ToSidecar() || h.Ignored() || h.Parsed() {
				continue
			}
			p.ReportAt(h.Key("url"), finding.Finding{
				Message: "people wait for the sidecar, and get a 500 when it is down, although their account was changed",
				Fix:     ignoreAnswer(p, h),
				Help:    "add response: {ignore: true}; the sidecar finds what it missed by itself",
			})
		}
	},
}
