package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// ory/x httpx compares exceptions as whole strings (ory/kratos issue 4049).
var hookPrivateIPBlocked = &lint.Rule{
	ID: "hook-private-ip-blocked", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			guard := p.Get("clients.http")
			target := passkeys.NewOrigin(h.Config().Get("url"))
			if !guard.Get("disallow_private_ip_ranges").True() || !target.Known || !isPrivate(target.Page) || excepted(guard, target.Value.Str) {
				continue
			}
			p.ReportAt(target.Value, finding.Finding{
				Message: fmt.Sprintf("clients.http.disallow_private_ip_ranges is enabled, so Kratos never calls %q, and the flow fails", target.Value.Str),
				Help:    fmt.Sprintf("add exactly %q to clients.http.private_ip_exception_urls", target.Value.Str),
				Notes:   []finding.Note{{Span: guard.Get("disallow_private_ip_ranges").Place(), Message: "enabled here"}},
				Fix:     yamledit.Append(guard.Get("private_ip_exception_urls"), target.Value.Str),
			})
		}
	},
}

func isPrivate(page webauthn.Page) bool {
	return page.IsLocalhost() || page.IP.IsLoopback() || page.IP.IsPrivate() || page.IP.IsLinkLocalUnicast()
}

func excepted(guard *kratosconf.Value, url string) bool {
	for _, v := range guard.Get("private_ip_exception_urls").Items() {
		if v.Str == url || v.Unknown() {
			return true
		}
	}
	return false
}
