package rules

import (
	"fmt"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var privilegedSessionWindow = &lint.Rule{
	ID: "privileged-session-window", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		v := p.Get("selfservice.flows.settings.privileged_session_max_age")
		d, ok := duration(v)
		if !ok || len(p.Enabled()) == 0 || d >= time.Minute && d <= time.Hour {
			return
		}
		f := finding.Finding{
			Message: fmt.Sprintf("privileged_session_max_age is %s: users have to sign in again in the middle of adding a passkey", v.Str),
			Help:    "write 5m to 15m",
			Suggest: v.Edit("15m"),
		}
		if d > time.Hour {
			f.Message = fmt.Sprintf("privileged_session_max_age is %s: anyone who finds an open session can add their own passkey", v.Str)
		}
		p.ReportAt(v, f)
	},
}

func duration(v *kratosconf.Value) (time.Duration, bool) {
	if !v.Is(kratosconf.String) || v.Unknown() {
		return 0, false
	}
	d, err := time.ParseDuration(v.Str)
	return d, err == nil
}
