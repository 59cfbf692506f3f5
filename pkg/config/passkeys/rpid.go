package passkeys

import (
	"net/netip"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// RPIDProblem is what is wrong with an rp.id on every page.
type RPIDProblem uint8

// The problems, each of which has its own rule.
const (
	RPIDOK RPIDProblem = iota
	RPIDIsURL
	RPIDIsIP
	RPIDBadLabel
	RPIDNotCanonical
)

// CheckRPID returns the first problem of an rp.id. WebAuthn §5.1.3 requires a valid domain
// string, and browsers compare it letter by letter with the page's host.
func CheckRPID(id string) RPIDProblem {
	if isIP(id) {
		return RPIDIsIP
	}
	if strings.ContainsAny(id, `:/\?#@`) {
		return RPIDIsURL
	}
	if badLabel(id) {
		return RPIDBadLabel
	}
	if CanonicalHost(id) != id {
		return RPIDNotCanonical
	}
	return RPIDOK
}

func isIP(id string) bool {
	if _, err := netip.ParseAddr(strings.Trim(id, "[]")); err == nil {
		return true
	}
	if strings.ContainsAny(id, ":/") {
		return false
	}
	page, err := webauthn.ParsePage("https://" + id)
	return err == nil && page.IP.IsValid()
}

func badLabel(id string) bool {
	if strings.ContainsAny(id, " \t\r\n*%,;\"'()<>[]^`{|}") || len(id) > 253 {
		return true
	}
	for label := range strings.SplitSeq(id, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return true
		}
	}
	return false
}

// CanonicalHost is the host as browsers write it, "" when it is none.
func CanonicalHost(host string) string {
	page, err := webauthn.ParsePage("https://" + host)
	if err != nil {
		return ""
	}
	return page.Host
}

// HostOf is the bare host of an rp.id that was written as a URL, "" when there
// is none.
func HostOf(id string) string {
	if !strings.Contains(id, "://") {
		id = "https://" + id
	}
	page, err := webauthn.ParsePage(id)
	if err != nil {
		return ""
	}
	return page.Host
}

// Domain is the rp.id that fits every known page of a method: their host when
// they have one, else the registered domain that they share, "" if there is none.
func (c *Config) Domain(m *Method) string {
	var hosts []string
	for _, page := range c.PagesOf(m) {
		if page.Known {
			hosts = append(hosts, page.Page.Host)
		}
	}
	if len(hosts) == 0 && c.BaseURL.Known {
		hosts = append(hosts, c.BaseURL.Page.Host)
	}
	domain := ""
	for i, host := range hosts {
		switch {
		case i == 0:
			domain = host
		case host != domain:
			domain = webauthn.RegistrableDomain(domain)
			if domain == "" || webauthn.RegistrableDomain(host) != domain {
				return ""
			}
		}
	}
	if CheckRPID(domain) != RPIDOK || domain != "localhost" && webauthn.RegistrableDomain(domain) == "" && !strings.HasSuffix(domain, ".localhost") {
		return ""
	}
	return domain
}

// AppName returns a name made from the pages' registrable domain, "Example" for
// auth.example.com, or "" if there is none.
func (c *Config) AppName(m *Method) string {
	label, _, ok := strings.Cut(webauthn.RegistrableDomain(c.Domain(m)), ".")
	if !ok || strings.HasPrefix(label, "xn--") {
		return ""
	}
	return strings.ToUpper(label[:1]) + label[1:]
}
