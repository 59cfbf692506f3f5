package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// selfservice/strategy/passkey/passkey_login.go: passkey sign-in falls back to
// the handles of webauthn credentials, which need the same rp.id.
var rpDiffersBetweenMethods = &lint.Rule{
	ID: "rp-differs-between-methods", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		a, b := p.Passkey, p.WebAuthn
		if !a.On || !b.On || a.Unsure() || b.Unsure() || a.ID.Text() == "" || b.ID.Text() == "" || a.ID.Str == b.ID.Str {
			return
		}
		if a.IDProblem != passkeys.RPIDOK || b.IDProblem != passkeys.RPIDOK {
			return // other rules report invalid ones
		}
		p.ReportAt(b.ID, finding.Finding{
			Message: fmt.Sprintf("webauthn has rp.id %q but passkey has %q: keys of one method cannot sign in with the other", b.ID.Str, a.ID.Str),
			Help:    "give both the same rp.id, the one under which users have enrolled",
			Suggest: a.ID.Edit(b.ID.Str), // webauthn is the older method, under whose rp.id users have enrolled
			Notes:   []finding.Note{{Span: a.ID.Place(), Message: "the rp.id of passkey"}},
		})
	},
}
