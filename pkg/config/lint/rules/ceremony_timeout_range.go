package rules

import (
	"fmt"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// WebAuthn Level 3 §15.1 recommends 300 to 600 seconds for accessibility.
var ceremonyTimeoutRange = &lint.Rule{
	ID: "ceremony-timeout-range", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On || !policyKeys(p) {
			return
		}
		for _, f := range p.Passkey.Config.Get("timeouts").Fields() {
			d, err := time.ParseDuration(f.Value.Str)
			if err != nil || !policyDuration.MatchString(f.Value.Str) || d >= time.Minute && d <= 10*time.Minute {
				continue
			}
			p.ReportAt(f.Value, finding.Finding{
				Message: fmt.Sprintf("timeouts.%s is %s: users need at least 1m, and the flow expires after 10m", f.Name, f.Value.Str),
				Help:    "write 5m",
				Fix:     f.Value.Replace("5m"),
			})
		}
	},
}
