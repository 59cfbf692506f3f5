package rules

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// WebAuthn §5.1.3 step 6: the effective domain must be a domain, not an IP
// address.
var originIP = &lint.Rule{
	ID: "origin-ip", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			pages := p.PagesOf(m)
			onIP := false
			for _, page := range pages {
				if !page.Known || !page.Page.IP.IsValid() || page.Value == nil {
					continue
				}
				onIP = true
				p.ReportAt(page.Value, finding.Finding{
					Message: fmt.Sprintf("%s %q is at an IP address, where browsers reject passkeys whatever the rp.id", page.Name, page.Value.Str),
					Suggest: pageOnLocalhost(m, page),
					Help:    `open the pages under a domain name, or under "localhost" during development`,
				})
			}
			if onIP {
				continue // one cause, one finding
			}
			for _, o := range m.Origins {
				if !o.Known || !o.Page.IP.IsValid() {
					continue
				}
				f := finding.Finding{
					Message: fmt.Sprintf("origin %q is an IP address, where browsers reject passkeys whatever the rp.id", o.Value.Str),
					Suggest: originOnLocalhost(m, o),
					Help:    `write a domain name, or "localhost" during development`,
				}
				if len(pages) > 0 {
					f.Severity = finding.Warning // no page uses it
				}
				p.ReportAt(o.Value, f)
			}
		}
	},
}

// pageOnLocalhost proposes to move a page to localhost, together with its
// origin.
func pageOnLocalhost(m *passkeys.Method, page passkeys.Page) []source.Edit {
	edits := onLocalhost(page.Origin)
	for _, o := range m.Origins {
		if edits == nil || !o.SameAs(page.Origin) {
			continue
		}
		moved := originOnLocalhost(m, o)
		if moved == nil {
			return nil
		}
		edits = append(edits, moved...)
	}
	return edits
}

// originOnLocalhost proposes localhost for an origin, or to remove the origin
// if its replacement is already listed.
func originOnLocalhost(m *passkeys.Method, o passkeys.Origin) []source.Edit {
	page := o.Page
	page.Host, page.IP = "localhost", netip.Addr{}
	for _, other := range m.Origins {
		if other.Bare() == page.Origin() {
			return yamledit.DeleteItem(m.OriginsKey, o.Value)
		}
	}
	return onLocalhost(o)
}

// onLocalhost proposes localhost in place of a loopback address.
func onLocalhost(o passkeys.Origin) []source.Edit {
	host := o.Host
	if i := strings.LastIndexByte(host, ':'); o.Page.Port != 0 && i >= 0 {
		host = host[:i]
	}
	if !o.Page.IP.IsLoopback() || strings.Count(o.Text, host) != 1 {
		return nil
	}
	return o.Value.Edit(strings.Replace(o.Text, host, "localhost", 1))
}
