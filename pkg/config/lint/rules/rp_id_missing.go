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

// Kratos' schema requires rp.id only if there is an rp block, and allows an
// empty one; the first flow then fails with HTTP 500 (embedx/config.schema.json
// and go-webauthn at v1.3.1).
var rpIDMissing = &lint.Rule{
	ID: "rp-id-missing", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, m := range []*passkeys.Method{p.Passkey, p.WebAuthn} {
			if m.Unsure() || p.Incomplete() || m.ID.Is(kratosconf.String) && m.ID.Str != "" {
				continue
			}
			refusesStart := m.RP.Is(kratosconf.Map) && m.ID == nil || m.On && m.Config == nil
			if !m.On && !refusesStart {
				continue
			}
			f := finding.Finding{Help: fmt.Sprintf("set %s.id to the domain on which users sign in%s", m.RPPath(), suggestID(p))}
			switch {
			case m.ID.Exists() && !m.ID.Is(kratosconf.String) && !m.ID.Is(kratosconf.Null):
				f.Message = fmt.Sprintf("rp.id of method %q is of type %s but must be a string, so Kratos does not start", m.Name, m.ID.Kind)
			case m.ID.Exists():
				f.Message = fmt.Sprintf("rp.id of method %q is empty: every registration and sign-in fails with HTTP 500", m.Name)
			case refusesStart:
				f.Message = fmt.Sprintf("method %q has no rp.id, so Kratos does not start", m.Name)
			default:
				f.Message = fmt.Sprintf("method %q has no rp.id: every registration and sign-in fails with HTTP 500", m.Name)
			}
			f.Suggest = proposeID(p, m)
			if m.ID.Exists() {
				p.ReportAt(m.ID, f)
				continue
			}
			f.Span = p.Near(m.RPPath() + ".id")
			p.Report(f)
		}
	},
}

// proposeID proposes the domain of the pages, in a whole rp block if there is
// none.
func proposeID(p *lint.Pass, m *passkeys.Method) []source.Edit {
	domain := p.Domain(m)
	switch {
	case domain == "":
		return nil
	case m.RP.Is(kratosconf.Map) && len(m.RP.Fields()) > 0:
		return p.Set(m.RPPath()+".id", domain)
	case m.RP != nil || m.Config != nil && len(m.Config.Fields()) == 0 || p.AppName(m) == "":
		return nil
	}
	var origins []string
	for _, page := range p.PagesOf(m) {
		if page.Known {
			origins = append(origins, fmt.Sprintf("%q", page.Bare()))
		}
	}
	return p.InsertPath(m.RPPath(), "id: "+domain, "display_name: "+p.AppName(m), "origins: ["+strings.Join(origins, ", ")+"]")
}

func suggestID(p *lint.Pass) string {
	for _, page := range p.Pages {
		if page.Known && !page.Page.IP.IsValid() {
			return fmt.Sprintf(", such as %q", page.Page.Host)
		}
	}
	return ""
}
