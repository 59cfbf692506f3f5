package lint

import (
	"encoding/base64"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
	"github.com/olympusoss/oly-passkey/templates"
)

// What a patch proposes where only people know for sure.

// Domain is the rp.id that fits every known page of a method: their host when
// they have one, else the registered domain that they share, "" without any.
func (p *Pass) Domain(m *Method) string {
	var hosts []string
	for _, page := range p.PagesOf(m) {
		if page.Known {
			hosts = append(hosts, page.Page.Host)
		}
	}
	if len(hosts) == 0 && p.BaseURL.Known {
		hosts = append(hosts, p.BaseURL.Page.Host)
	}
	domain := ""
	for i, host := range hosts {
		switch {
		case i == 0:
			domain = host
		case host != domain:
			domain = webauthn.RegistrableDomain(domain)
			if domain == "" || webauthn.RegistrableDomain(host) != domain {
				return ""
			}
		}
	}
	if FlawOf(domain) != RPIDFine || domain != "localhost" && webauthn.RegistrableDomain(domain) == "" && !strings.HasSuffix(domain, ".localhost") {
		return ""
	}
	return domain
}

// AppName makes a name of the pages' registered domain: "Example" of
// auth.example.com, "" when there is none.
func (p *Pass) AppName(m *Method) string {
	label, _, ok := strings.Cut(webauthn.RegistrableDomain(p.Domain(m)), ".")
	if !ok || strings.HasPrefix(label, "xn--") {
		return ""
	}
	return strings.ToUpper(label[:1]) + label[1:]
}

// IDsOnly answers the edit that makes the body of a hook send ids alone.
func (p *Pass) IDsOnly(h Hook) []source.Edit {
	v := h.Config().Get("body")
	if !h.List.After || !v.Editable() || v.Unknown() {
		return nil
	}
	if strings.HasPrefix(v.Str, "base64://") {
		return v.Edit("base64://" + base64.StdEncoding.EncodeToString([]byte(templates.IdentityHook())))
	}
	f, _ := p.bodyFile(v)
	if f == nil {
		return nil
	}
	return []source.Edit{{Span: source.Span{File: f, End: len(f.Data)}, New: templates.IdentityHook() + "\n"}}
}
