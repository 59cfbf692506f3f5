package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var originRemoved = &lint.Rule{
	ID: "origin-removed", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		if p.Before == nil {
			return
		}
		for _, pair := range [][2]*passkeys.Method{{p.Before.Passkey, p.Passkey}, {p.Before.WebAuthn, p.WebAuthn}} {
			before, now := pair[0], pair[1]
			if !before.On || !now.On || before.OriginsUnsure() || now.OriginsUnsure() || !now.OriginsKey.Exists() {
				continue
			}
			for _, o := range before.Origins {
				if o.Value.Unknown() || now.Lists(o) {
					continue
				}
				p.Report(finding.Finding{
					Span:    now.OriginsKey.Place(),
					Message: fmt.Sprintf("origin %q was removed from %s: users can no longer sign in there%s", o.Value.Str, now.Name, upTo(p)),
					Help:    fmt.Sprintf("add %q back, and remove it once users are no longer sent there", o.Show()),
					Notes:   []finding.Note{{Span: o.Value.Place(), Message: "previously listed here"}},
				})
			}
		}
	},
}

// upTo returns an upper bound for the affected users, because nothing records
// who signs in where.
func upTo(p *lint.Pass) string {
	switch {
	case p.Enrolled == nil:
		return ""
	case *p.Enrolled == 1:
		return ", which locks out at most 1 user"
	}
	return fmt.Sprintf(", which locks out at most %d users", *p.Enrolled)
}
