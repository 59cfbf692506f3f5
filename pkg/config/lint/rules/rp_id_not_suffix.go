package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// HTML, "is a registrable domain suffix of or is equal to"; `predict` uses the
// same check.
var rpIDNotSuffix = &lint.Rule{
	ID: "rp-id-not-suffix", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachRPID(passkeys.RPIDOK, func(m *passkeys.Method) {
			if webauthn.IsPublicSuffix(m.ID.Str) {
				return // rp-id-public-suffix reports it
			}
			for _, page := range pagesAndOrigins(p, m) {
				if !rejects(p, page.Page, m.ID.Str) {
					continue
				}
				domain := webauthn.RegistrableDomain(page.Page.Host)
				if domain == "" || page.Page.IsLocalhost() {
					domain = page.Page.Host
				}
				p.ReportAt(m.ID, finding.Finding{
					Message: fmt.Sprintf("browsers reject rp.id %q on %q: it is neither that host nor one of its parent domains", m.ID.Str, page.Show()),
					Help:    suffixHelp(m.ID.Str, domain),
					Suggest: fitting(p, m, page, domain),
					Notes:   lint.PageNotes(page),
				})
			}
		})
	},
}

// rejects reports whether a browser rejects the rp.id on a page because of its
// name; pages without TLS or at an IP address have their own rules.
func rejects(p *lint.Pass, page webauthn.Page, id string) bool {
	switch p.Browser(page, id).Class {
	case webauthn.ClassOK, webauthn.ClassNoWebAuthn, webauthn.ClassInvalidDomain:
		return false
	default:
		// x.localhost has its own rule.
		return id != "localhost" || !page.IsLocalhost()
	}
}

// pagesAndOrigins returns the known pages of a method. A configured origin counts as a
// page if it belongs to the same site, which needs no related origins, or if no page
// is configured and no origin fits.
func pagesAndOrigins(p *lint.Pass, m *passkeys.Method) []passkeys.Page {
	var pages, origins []passkeys.Page
	seen := make(map[string]bool) // of pages
	add := func(page passkeys.Page) {
		if bare := page.Bare(); !seen[bare] {
			seen[bare] = true
			pages = append(pages, page)
		}
	}
	unknown, fits := false, false
	for _, page := range p.PagesOf(m) {
		unknown = unknown || !page.Known
		if page.Known {
			add(page)
		}
	}
	noPages := len(pages) == 0 && !unknown
	for _, o := range m.Origins {
		if !o.Known {
			unknown = unknown || o.IsWeb() && o.Value.Unknown()
			continue
		}
		fits = fits || !rejects(p, o.Page, m.ID.Str)
		sameSite := webauthn.RegistrableDomain(o.Page.Host) != "" &&
			webauthn.RegistrableDomain(o.Page.Host) == webauthn.RegistrableDomain(m.ID.Str)
		if sameSite {
			add(passkeys.Page{Origin: o, Name: "an origin"})
			continue
		}
		if !seen[o.Bare()] {
			origins = append(origins, passkeys.Page{Origin: o, Name: "an origin"})
		}
	}
	if noPages && !fits && !unknown {
		pages = append(pages, origins...)
	}
	return pages
}

func suffixHelp(id, domain string) string {
	if domain == webauthn.RegistrableDomain(id) {
		return fmt.Sprintf("if no user has enrolled yet, set rp.id to %q, which fits all hosts of this site", domain)
	}
	return fmt.Sprintf("set rp.id to %q, or serve related origins at https://%s/.well-known/webauthn", domain, id)
}

// fitting proposes the page's domain as rp.id and the page among the origins,
// or nothing if the domain does not fit all pages and origins.
func fitting(p *lint.Pass, m *passkeys.Method, page passkeys.Page, domain string) []source.Edit {
	if !fitsEverywhere(p, m, domain) {
		return nil
	}
	edits := m.ID.Edit(domain)
	if edits == nil || m.Lists(page.Origin) || len(m.Origins) == 0 {
		return edits
	}
	listed := yamledit.Append(m.OriginsKey, page.Show())
	if listed == nil {
		return nil
	}
	return append(edits, listed...)
}
