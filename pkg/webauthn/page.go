package webauthn

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Page is the part of a document's URL that the gates check, in canonical form.
type Page struct {
	// Scheme is in lower case. A page with a scheme such as "data" or "about" has no
	// host.
	Scheme string
	// Host is a lower-case domain in punycode, a dotted IPv4 address, or an
	// IPv6 address in brackets.
	Host string
	// Port is 0 for the scheme's default port.
	Port uint16
	// IP is valid if the host is an IP address.
	IP netip.Addr
}

// ParsePage parses the URL or the origin of a page as browsers do (WHATWG URL up
// to host and port).
func ParsePage(raw string) (Page, error) {
	if strings.TrimSpace(raw) == "" {
		return Page{}, errors.New("the page is empty: pass its URL, such as https://auth.example.com")
	}
	u, err := parseURL(raw)
	if err != nil {
		return Page{}, fmt.Errorf("page %q %w", raw, err)
	}
	return u, nil
}

// Origin returns the page's origin as browsers write it into the client data: in
// lower case and punycode, without a default port (HTML "serialization of an
// origin"). It returns "null", the opaque origin, for pages without a host.
func (p Page) Origin() string {
	if p.Host == "" {
		return "null"
	}
	if p.Port == 0 {
		return p.Scheme + "://" + p.Host
	}
	return p.Scheme + "://" + p.Host + ":" + strconv.Itoa(int(p.Port))
}

// IsLocalhost reports whether the host is localhost or a name below it, which
// browsers trust without TLS (Secure Contexts §3.1).
func (p Page) IsLocalhost() bool {
	host := strings.TrimSuffix(p.Host, ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// Secure reports whether the page is a secure context, which navigator.credentials
// needs (WebAuthn §5.1, Secure Contexts §3.1).
func (p Page) Secure() bool {
	switch p.Scheme {
	case "https":
		return true
	case "http":
		return p.IsLocalhost() || p.IP.IsLoopback()
	}
	return false
}

// parseURL parses scheme, host and port as the WHATWG URL parser does. It ignores
// everything after the authority.
func parseURL(raw string) (Page, error) {
	s := cleanURL(raw)
	scheme, rest, ok := cutScheme(s)
	if !ok {
		return Page{}, errors.New(`has no scheme; write "https://" before the host`)
	}
	switch scheme {
	case "http", "https", "ws", "wss", "ftp":
		// Special schemes allow any number of slashes and backslashes.
		rest = strings.TrimLeft(rest, `/\`)
	default:
		if rest, ok = strings.CutPrefix(rest, "//"); !ok {
			return Page{Scheme: scheme}, nil
		}
	}
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		rest = rest[:i]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	host, port, err := cutPort(scheme, rest)
	if err != nil {
		return Page{}, err
	}
	p := Page{Scheme: scheme, Port: port}
	p.Host, p.IP, err = parseHost(host)
	return p, err
}

// cleanURL removes the characters that the URL parser removes first: control
// characters and spaces at both ends, tabs and newlines anywhere.
func cleanURL(raw string) string {
	s := strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	if strings.ContainsAny(s, "\t\r\n") {
		s = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(s)
	}
	return s
}

func cutScheme(s string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(s, ":")
	if !ok || scheme == "" || !isLetter(scheme[0]) {
		return "", "", false
	}
	for i := range len(scheme) {
		if c := scheme[i]; !isLetter(c) && !isDigit(c) && c != '+' && c != '-' && c != '.' {
			return "", "", false
		}
	}
	return strings.ToLower(scheme), rest, true
}

// cutPort splits an authority without user info. It returns port 0 for the scheme's
// default port.
func cutPort(scheme, authority string) (host string, port uint16, err error) {
	colon := strings.LastIndexByte(authority, ':')
	bracket := strings.LastIndexByte(authority, ']')
	if colon < 0 || bracket > colon || bracket < 0 && strings.HasPrefix(authority, "[") {
		return authority, 0, nil
	}
	host, digits := authority[:colon], authority[colon+1:]
	if digits == "" {
		return host, 0, nil
	}
	n := 0
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return "", 0, fmt.Errorf("has the port %q, which is not a number", digits)
		}
		if n = n*10 + int(digits[i]-'0'); n > 65535 {
			return "", 0, fmt.Errorf("has the port %q, which is above 65535", digits)
		}
	}
	switch n {
	case 0:
		return "", 0, fmt.Errorf("has the port %q, which is not allowed", digits)
	case defaultPort(scheme):
		n = 0
	}
	return host, uint16(n), nil
}

// defaultPort returns the scheme's default port, which origins omit, or 0.
func defaultPort(scheme string) int {
	switch scheme {
	case "https", "wss":
		return 443
	case "http", "ws":
		return 80
	case "ftp":
		return 21
	}
	return 0
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
