package ui

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// CheckOrigin is a Config.Check that needs nothing but the two texts. It tells
// why browsers refuse rpID on a page, in words, or "" (WebAuthn §5.1.3, step 7).
// It knows neither the public suffix list nor the document of related origins
// that rpID may serve: oly-passkey predict asks both, and never disagrees with
// what is told here where there is no such document.
func CheckOrigin(pageURL, rpID string) string {
	page, err := url.Parse(pageURL)
	if err != nil || page.Host == "" {
		return fmt.Sprintf("the page's address %q has no host", pageURL)
	}
	host := strings.ToLower(page.Hostname())
	_, notIP := netip.ParseAddr(host)
	switch {
	case page.Scheme != "https" && !below(host, "localhost"):
		return fmt.Sprintf("the page came by %s; browsers offer passkeys on https only, and on http://localhost", page.Scheme)
	case notIP == nil:
		return fmt.Sprintf("the page's host %q is an IP address, and passkeys need a domain", host)
	case !below(host, rpID):
		return fmt.Sprintf("rp.id %q is neither the page's host %q nor a parent domain of it", rpID, host)
	}
	return ""
}

// below is true for a domain and its subdomains. Dots at the ends are let pass:
// Chromium takes some of them.
func below(host, domain string) bool {
	return strings.HasSuffix("."+strings.Trim(host, "."), "."+strings.Trim(domain, "."))
}
