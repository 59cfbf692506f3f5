package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Every passkey is bound to the rp.id under which it was created.
var rpIDChanged = &lint.Rule{
	ID: "rp-id-changed", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		if p.Before == nil {
			return
		}
		for _, pair := range [][2]*passkeys.Method{{p.Before.Passkey, p.Passkey}, {p.Before.WebAuthn, p.WebAuthn}} {
			before, now := pair[0], pair[1]
			if !before.On || before.Unsure() || now.Unsure() || before.ID.Text() == "" || before.ID.Text() == now.ID.Text() || now.ID.Text() == "" {
				continue
			}
			f := finding.Finding{
				Message: fmt.Sprintf("rp.id of %s changed from %q to %q: all existing keys stop working%s", now.Name, before.ID.Str, now.ID.Str, howMany(p)),
				Help:    "restore the old one; to move, serve related origins for the new site and let users enroll again",
				Notes:   []finding.Note{{Span: before.ID.Place(), Message: "previous value"}},
			}
			if p.Enrolled != nil && *p.Enrolled == 0 {
				f.Severity = finding.Info
				f.Message = fmt.Sprintf("rp.id of %s changed from %q to %q; the sidecar knows no user with a key, so no one is locked out", now.Name, before.ID.Str, now.ID.Str)
				f.Help = "change it now, before users enroll"
			}
			p.ReportAt(now.ID, f)
		}
	},
}

func howMany(p *lint.Pass) string {
	switch {
	case p.Enrolled == nil:
		return ""
	case *p.Enrolled == 1:
		return ", which locks out 1 user"
	}
	return fmt.Sprintf(", which locks out %d users", *p.Enrolled)
}
