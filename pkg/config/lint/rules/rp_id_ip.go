package rules

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

var rpIDIP = &lint.Rule{
	ID: "rp-id-ip", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDIsIP, func(m *passkeys.Method) {
			p.ReportAt(m.ID, finding.Finding{
				Message: fmt.Sprintf("rp.id %q is an IP address, but browsers accept only domains", m.ID.Str),
				Suggest: insteadOfIP(p, m),
				Help:    `use a domain name, or "localhost" during development, and open the pages under that name`,
			})
		})
	},
}

// insteadOfIP proposes the domain of the pages, or localhost in place of a
// loopback address.
func insteadOfIP(p *lint.Pass, m *passkeys.Method) []source.Edit {
	if domain := p.Domain(m); domain != "" {
		return m.ID.Edit(domain)
	}
	if ip, err := netip.ParseAddr(strings.Trim(m.ID.Str, "[]")); err == nil && ip.IsLoopback() {
		return m.ID.Edit("localhost")
	}
	return nil
}
