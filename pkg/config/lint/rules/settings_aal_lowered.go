package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

const settingsAAL = "selfservice.flows.settings.required_aal"

// selfservice/flow/settings/handler.go at v26.2.0 compares the session's AAL
// only with this value, when settings are opened and when they are submitted.
var settingsAALLowered = &lint.Rule{
	ID: "settings-aal-lowered", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		second := p.SecondFactor()
		v := p.Get(settingsAAL)
		if len(p.Enabled()) == 0 || second == "" || v.Text() != "aal1" {
			return
		}
		first := p.FirstFactors()
		if len(first) == 0 {
			first = []string{"a first factor"}
		}
		p.ReportAt(v, finding.Finding{
			Message: fmt.Sprintf("settings can be opened in a session that began with only %s: anyone who signs in with it can remove the user's %s and passkeys, or add their own passkey",
				strings.Join(first, " or "), second),
			Help: "write highest_available, the default: users who have set up a second factor then have to use it before they can change how they sign in",
		})
	},
}
