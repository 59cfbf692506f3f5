package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// Kratos' schema asks for rp.id only when there is an rp block, and never that
// it says something; the first flow then answers 500
// (embedx/config.schema.json and go-webauthn at v1.3.1).
var rpIDMissing = &lint.Rule{
	ID: "rp-id-missing", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		for _, m := range []*lint.Method{p.Passkey, p.WebAuthn} {
			if m.Unsure() || p.Config.Incomplete() || m.ID.Is(kratosconf.String) && m.ID.Str != "" {
				continue
			}
			refusesStart := m.RP.Is(kratosconf.Map) && m.ID == nil || m.On && m.Config == nil
			if !m.On && !refusesStart {
				continue
			}
			f := lint.Finding{Help: fmt.Sprintf("set %s.id to the domain on which people sign in%s", m.RPPath(), suggestID(p))}
			switch {
			case m.ID.Exists() && !m.ID.Is(kratosconf.String) && !m.ID.Is(kratosconf.Null):
				f.Message = fmt.Sprintf("rp.id of method %q is of type %s and no text, so Kratos refuses to start", m.Name, m.ID.Kind)
			case m.ID.Exists():
				f.Message = fmt.Sprintf("rp.id of method %q is empty: every registration and login answers 500", m.Name)
			case refusesStart:
				f.Message = fmt.Sprintf("method %q has no rp.id, so Kratos refuses to start", m.Name)
			default:
				f.Message = fmt.Sprintf("method %q has no rp.id: every registration and login answers 500", m.Name)
			}
			if m.ID.Exists() {
				p.ReportAt(m.ID, f)
				continue
			}
			f.Span = p.Config.Near(m.RPPath() + ".id")
			p.Report(f)
		}
	},
}

func suggestID(p *lint.Pass) string {
	for _, page := range p.Pages {
		if page.Known && !page.Page.IP.IsValid() {
			return fmt.Sprintf(", such as %q", page.Page.Host)
		}
	}
	return ""
}
