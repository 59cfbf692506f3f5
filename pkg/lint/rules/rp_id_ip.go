package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

var rpIDIP = &lint.Rule{
	ID: "rp-id-ip", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(lint.RPIDIsIP, func(m *lint.Method) {
			p.ReportAt(m.ID, lint.Finding{
				Message: fmt.Sprintf("rp.id %q is an IP address, and browsers accept only domains", m.ID.Str),
				Help:    `use a domain name, or "localhost" during development, and open the pages under that name`,
			})
		})
	},
}
