package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// A page that submits method=passkey needs the passkey method; webauthn alone
// asks for a typed name and offers no autofill.
var passkeyMethodOff = &lint.Rule{
	ID: "passkey-method-off", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if p.Passkey.On || !p.WebAuthn.On || !p.WebAuthn.FirstFactor {
			return
		}
		asks := wantsPasskeys(p)
		if asks == nil {
			return
		}
		f := finding.Finding{
			Message: "passkeys are configured here, but the passkey method is disabled: webauthn asks for a typed name and offers no autofill",
			Help:    fmt.Sprintf("enable selfservice.methods.passkey with the same rp (id %q)", p.WebAuthn.ID.Text()),
			Suggest: enablePasskey(p),
			Notes:   []finding.Note{{Span: p.WebAuthn.Config.Place(), Message: "webauthn is enabled here"}},
		}
		p.ReportAt(asks, f)
	},
}

// wantsPasskeys returns a setting that only makes sense with the passkey
// method, or nil.
func wantsPasskeys(p *lint.Pass) *kratosconf.Value {
	for _, flow := range []string{"registration", "settings", "login"} {
		if v := p.Get("selfservice.flows." + flow + ".after.passkey"); len(v.Fields()) > 0 {
			return v
		}
	}
	if p.Passkey.RP.Is(kratosconf.Map) {
		return p.Passkey.RP
	}
	for _, s := range p.Schemas {
		if s.URL != nil && passkeys.Annotated(s.Root, "passkey.display_name") {
			return s.URL
		}
	}
	return nil
}

// enablePasskey proposes the passkey method with webauthn's relying party.
func enablePasskey(p *lint.Pass) []source.Edit {
	origins, ok := originList(p.WebAuthn)
	if p.Passkey.RP.Is(kratosconf.Map) {
		edits := p.Set(p.Passkey.Path+".enabled", "true")
		if p.Passkey.OriginsKey.Exists() || edits == nil {
			return edits
		}
		listed := p.InsertPath(p.Passkey.RPPath(), "origins: "+origins)
		if !ok || listed == nil {
			return nil
		}
		return append(listed, edits...) // both may be at one place, the deeper one first
	}
	name := p.WebAuthn.RP.Get("display_name").Text()
	if p.Get(p.Passkey.Path) != nil || p.WebAuthn.Unsure() || p.WebAuthn.ID.Text() == "" || name == "" || !ok {
		return nil
	}
	rp := fmt.Sprintf("{id: %s, display_name: %q, origins: %s}", p.WebAuthn.ID.Str, name, origins)
	return p.InsertPath(p.Passkey.Path, "enabled: true", "config: {rp: "+rp+"}")
}

// originList returns the origins of a method as a YAML list on one line, and
// whether they are all known.
func originList(m *passkeys.Method) (string, bool) {
	var origins []string
	for _, o := range m.Origins {
		if o.Value.Unknown() {
			return "", false
		}
		origins = append(origins, fmt.Sprintf("%q", o.Value.Str))
	}
	return "[" + strings.Join(origins, ", ") + "]", len(origins) > 0
}
