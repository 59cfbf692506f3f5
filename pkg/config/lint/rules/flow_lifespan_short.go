package rules

import (
	"fmt"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Kratos sets a timeout of 300,000 ms in its options, whatever the flow's
// lifespan is.
var flowLifespanShort = &lint.Rule{
	ID: "flow-lifespan-short", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if len(p.Enabled()) == 0 {
			return
		}
		for _, flow := range []string{"login", "registration", "settings"} {
			v := p.Get("selfservice.flows." + flow + ".lifespan")
			d, ok := duration(v)
			if !ok || d >= 5*time.Minute {
				continue
			}
			p.ReportAt(v, finding.Finding{
				Message: fmt.Sprintf("the %s flow expires after %s, before the browser's ceremony times out after 5m", flow, v.Str),
				Help:    "write 10m or more",
				Fix:     v.Replace("10m"),
			})
		}
	},
}
