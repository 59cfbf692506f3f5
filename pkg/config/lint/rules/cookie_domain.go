package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// RFC 6265 §5.3: a browser rejects a cookie whose domain does not cover the
// host.
var cookieDomain = &lint.Rule{
	ID: "cookie-domain", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		if len(p.Enabled()) == 0 {
			return
		}
		for _, path := range []string{"session.cookie.domain", "cookies.domain"} {
			v := p.Get(path)
			if !v.Is(kratosconf.String) || v.Unknown() || v.Str == "" {
				continue
			}
			for _, place := range cookieHosts(p) {
				if covers(v.Str, place.Page.Host) {
					continue
				}
				p.ReportAt(v, finding.Finding{
					Message: fmt.Sprintf("%s %q does not cover %q: browsers reject the cookies there, so every flow fails", path, v.Str, place.Page.Host),
					Suggest: proposeCookieDomain(p, v),
					Help:    "write a parent domain of all these hosts, or remove it",
					Notes:   []finding.Note{{Span: place.Value.Place(), Message: "the host is configured here"}},
				})
				break
			}
		}
	},
}

// cookieHosts returns the hosts that set or need Kratos' cookies.
func cookieHosts(p *lint.Pass) []passkeys.Origin {
	var out []passkeys.Origin
	if p.BaseURL.Known {
		out = append(out, p.BaseURL)
	}
	for _, page := range p.Pages {
		if page.Known && page.Value != nil {
			out = append(out, page.Origin)
		}
	}
	return out
}

func covers(domain, host string) bool {
	domain = strings.ToLower(strings.TrimPrefix(domain, "."))
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// proposeCookieDomain proposes the registrable domain that all hosts share, or
// to remove the key if they share none.
func proposeCookieDomain(p *lint.Pass, v *kratosconf.Value) []source.Edit {
	shared := ""
	for _, o := range cookieHosts(p) {
		domain := webauthn.RegistrableDomain(o.Page.Host)
		if domain == "" || shared != "" && domain != shared {
			return p.RemoveField(v)
		}
		shared = domain
	}
	return v.Edit(shared)
}
