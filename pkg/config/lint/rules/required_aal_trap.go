package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// A passkey always counts as one factor (ory/kratos issues 2794 and 2978).
// There is no fix, because a lower value accepts every session with one factor.
var requiredAALTrap = &lint.Rule{
	ID: "required-aal-trap", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		second := p.SecondFactor()
		if !p.Passkey.On || second == "" {
			return
		}
		for _, trap := range []struct {
			path, effect string
			severity     finding.Severity
		}{
			{"session.whoami.required_aal", "Kratos accepts their session after a passkey sign-in only once they have used it", finding.Warning},
			// The right value; it only adds a step.
			{settingsAAL, "Kratos asks for it before they can open settings in a session that began with a passkey", finding.Info},
		} {
			v := p.Get(trap.path)
			if v.Text() != "highest_available" {
				continue
			}
			help := "keep the value, and tell users to expect the second factor after the passkey"
			if first := p.FirstFactors(); len(first) > 0 {
				help += fmt.Sprintf("; a lower value would also accept a session that began with only %s", strings.Join(first, " or "))
			}
			p.ReportAt(v, finding.Finding{
				Severity: trap.severity,
				Message:  fmt.Sprintf("a passkey counts as one factor: if users have set up %s, %s", second, trap.effect),
				Help:     help,
			})
			return
		}
	},
}
