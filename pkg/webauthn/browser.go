package webauthn

import (
	"fmt"
	"strings"
)

// Browser is the browser's gate: it reports whether a ceremony on a page can use
// rpID, which is nil if the call omits it. doc is the related origins document
// after redirects, nil if there is none. The result is the same for create and get
// (WebAuthn §5.1.3 steps 5-9, §5.1.4.1 steps 4-7).
func Browser(page Page, rpID *string, doc *Document) Verdict {
	switch {
	case !page.Secure():
		return rejectedByBrowser(ClassNoWebAuthn, notSecure(page))
	case page.IP.IsValid():
		return rejectedByBrowser(ClassInvalidDomain,
			fmt.Sprintf("the page's host %q is an IP address; passkeys need a domain name", page.Host))
	case rpID == nil:
		return Verdict{OK: true, Class: ClassOK, Reason: fmt.Sprintf("without rp.id the browser uses the page's host %q", page.Host)}
	case *rpID == page.Host && *rpID != "":
		return Verdict{OK: true, Class: ClassOK, Reason: fmt.Sprintf("rp.id %q is the page's host", *rpID)}
	case isRegistrableSuffix(page.Host, *rpID):
		return Verdict{OK: true, Class: ClassOK, Reason: fmt.Sprintf("rp.id %q is a registrable suffix of the page's host %q", *rpID, page.Host)}
	}
	return relatedOrigins(page, *rpID, doc)
}

func notSecure(page Page) string {
	if page.Host == "" {
		return fmt.Sprintf("a %q page has no origin, so it is not a secure context", page.Scheme+":")
	}
	return fmt.Sprintf("%q is not a secure context: except on localhost, passkeys need https", page.Origin())
}

// isRegistrableSuffix implements HTML's "is a registrable domain suffix of" for a
// literal rp.id: browsers compare it unchanged, so only lower-case ASCII matches.
// rp.id must be the page's eTLD+1 or a domain below it.
func isRegistrableSuffix(host, rpID string) bool {
	if rpID == "" {
		return false
	}
	// A trailing dot of the page's host only counts if rp.id has one too.
	if rpID[len(rpID)-1] != '.' {
		host = strings.TrimSuffix(host, ".")
	}
	before, ok := strings.CutSuffix(host, rpID)
	// Chromium accepts a leading dot; everything else must begin at a label.
	if !ok || before != "" && rpID[0] != '.' && !strings.HasSuffix(before, ".") {
		return false
	}
	registrable := RegistrableDomain(host)
	return registrable != "" && len(strings.Trim(rpID, ".")) >= len(registrable)
}
