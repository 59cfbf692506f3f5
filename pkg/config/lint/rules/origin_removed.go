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
					Message: fmt.Sprintf("origin %q of %s was removed: people who sign in there cannot any more%s", o.Value.Str, now.Name, upTo(p)),
					Help:    fmt.Sprintf("add %q again, or remove it once nobody is sent there", o.Show()),
					Notes:   []finding.Note{{Span: o.Value.Place(), Message: "it was listed here"}},
				})
			}
		}
	},
}

// upTo bounds how many people that are: nobody counts who signs in where.
func upTo(p *lint.Pass) string {
	switch {
	case p.Enrolled == nil:
		return ""
	case *p.Enrolled == 1:
		return ", which locks out 1 person at most"
	}
	return fmt.Sprintf(", which locks out %d people at most", *p.Enrolled)
}
