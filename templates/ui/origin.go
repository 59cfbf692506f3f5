package ui

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// CheckOrigin is a Config.Check without network access. It returns why browsers
// reject rpID on a page, or "" (WebAuthn §5.1.3, step 7). It knows neither the
// public suffix list nor the related origins that rpID may serve. oly-passkey
// predict considers both; without a related origins document, it also rejects
// everything that CheckOrigin rejects.
func CheckOrigin(pageURL, rpID string) string {
	page, err := url.Parse(pageURL)
	if err != nil || page.Host == "" {
		return fmt.Sprintf("the page's address %q has no host", pageURL)
	}
	host := strings.ToLower(page.Hostname())
	_, notIP := netip.ParseAddr(host)
	switch {
	case page.Scheme != "https" && !below(host, "localhost"):
		return fmt.Sprintf("the page was loaded over %s; browsers support passkeys only over https, or on http://localhost", page.Scheme)
	case notIP == nil:
		return fmt.Sprintf("the page's host %q is an IP address; passkeys need a domain name", host)
	case !below(host, rpID):
		return fmt.Sprintf("rp.id %q is neither the page's host %q nor a parent domain of it", rpID, host)
	}
	return ""
}

// below reports whether host is domain or a subdomain of it. Leading and trailing
// dots are ignored: Chromium accepts some of them.
func below(host, domain string) bool {
	return strings.HasSuffix("."+strings.Trim(host, "."), "."+strings.Trim(domain, "."))
}
