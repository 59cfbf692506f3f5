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
			Message: fmt.Sprintf("privileged_session_max_age is %s: people sign in again while they add a passkey", v.Str),
			Help:    "write 5m to 15m",
			Suggest: v.Edit("15m"),
		}
		if d > time.Hour {
			f.Message = fmt.Sprintf("privileged_session_max_age is %s: whoever finds an open session can add a passkey of their own", v.Str)
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
