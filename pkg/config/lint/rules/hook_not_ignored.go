package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Measured: the user gets HTTP 500, although the identity already exists.
var hookNotIgnored = &lint.Rule{
	ID: "hook-not-ignored", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if !h.ToSidecar() || h.Ignored() || h.Parsed() {
				continue
			}
			p.ReportAt(h.Key("url"), finding.Finding{
				Message: "users wait for the sidecar, and get HTTP 500 if it is down, although their account was changed",
				Fix:     ignoreAnswer(p, h),
				Help:    "add response: {ignore: true}; the sidecar's next sweep catches missed changes",
			})
		}
	},
}
