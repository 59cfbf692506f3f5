package webauthn

import (
	"fmt"
	"strings"
)

// Browser is the browser's gate: may a ceremony on this page use this rp.id?
// rpID is nil when the call omits it; doc is the final answer of the related
// origins document, nil when there is none. create and get decide alike
// (WebAuthn §5.1.3 steps 5-9, §5.1.4.1 steps 4-7).
func Browser(page Page, rpID *string, doc *Document) Verdict {
	switch {
	case !page.Secure():
		return refusedByBrowser(ClassNoWebAuthn, notSecure(page))
	case page.IP.IsValid():
		return refusedByBrowser(ClassInvalidDomain,
			fmt.Sprintf("the page's host %q is an IP address, and passkeys need a domain", page.Host))
	case rpID == nil:
		return Verdict{OK: true, Class: ClassOK, Reason: fmt.Sprintf("without rp.id the browser takes the page's host %q", page.Host)}
	case *rpID == page.Host && *rpID != "":
		return Verdict{OK: true, Class: ClassOK, Reason: fmt.Sprintf("rp.id %q is the page's host", *rpID)}
	case isRegistrableSuffix(page.Host, *rpID):
		return Verdict{OK: true, Class: ClassOK, Reason: fmt.Sprintf("rp.id %q is a registrable suffix of the page's host %q", *rpID, page.Host)}
	}
	return relatedOrigins(page, *rpID, doc)
}

func notSecure(page Page) string {
	if page.Host == "" {
		return fmt.Sprintf("a %q page has no origin of its own, so it is no secure context", page.Scheme+":")
	}
	return fmt.Sprintf("%q is no secure context: outside localhost passkeys need https", page.Origin())
}

// isRegistrableSuffix is HTML's "is a registrable domain suffix of" for a
// literal rp.id: browsers compare it as it stands, so anything but lower-case
// ASCII never matches. The bound is the page's own eTLD+1: rp.id must lie at or
// below it.
func isRegistrableSuffix(host, rpID string) bool {
	if rpID == "" {
		return false
	}
	// A dot that ends the page's host counts only where rp.id has one as well.
	if rpID[len(rpID)-1] != '.' {
		host = strings.TrimSuffix(host, ".")
	}
	before, ok := strings.CutSuffix(host, rpID)
	// Chromium takes a leading dot; everything else must begin at a label.
	if !ok || before != "" && rpID[0] != '.' && !strings.HasSuffix(before, ".") {
		return false
	}
	registrable := RegistrableDomain(host)
	return registrable != "" && len(strings.Trim(rpID, ".")) >= len(registrable)
}
