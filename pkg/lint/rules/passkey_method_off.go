package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// A page that submits method=passkey needs the passkey method; webauthn alone
// wants a typed name and offers no autofill.
var passkeyMethodOff = &lint.Rule{
	ID: "passkey-method-off", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		if p.Passkey.On || !p.WebAuthn.On || !p.WebAuthn.FirstFactor {
			return
		}
		asks := wantsPasskeys(p)
		if asks == nil {
			return
		}
		f := lint.Finding{
			Message: "something here is for passkeys, but the passkey method is off: webauthn asks for a typed name and offers no autofill",
			Help:    fmt.Sprintf("enable selfservice.methods.passkey with the same rp (id %q)", p.WebAuthn.ID.Text()),
			Notes:   []lint.Note{{Span: p.WebAuthn.Config.Place(), Message: "webauthn is on here"}},
		}
		p.ReportAt(asks, f)
	},
}

// wantsPasskeys finds what only makes sense with the passkey method.
func wantsPasskeys(p *lint.Pass) *kratosconf.Value {
	for _, flow := range []string{"registration", "settings", "login"} {
		if v := p.Config.Get("selfservice.flows." + flow + ".after.passkey"); len(v.Fields()) > 0 {
			return v
		}
	}
	if p.Passkey.RP.Is(kratosconf.Map) {
		return p.Passkey.RP
	}
	for _, s := range p.Schemas {
		if s.URL != nil && lint.Annotated(s.Root, "passkey.display_name") {
			return s.URL
		}
	}
	return nil
}
