package webauthn

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// parseHost implements the WHATWG host parser for http and https: percent-decoding,
// punycode, lower case, IPv4 in all notations, IPv6 in brackets.
func parseHost(raw string) (host string, ip netip.Addr, err error) {
	if raw == "" {
		return "", netip.Addr{}, errors.New("has no host")
	}
	if raw[0] == '[' {
		return parseIPv6(raw)
	}
	host, err = domainToASCII(raw)
	if err != nil {
		return "", netip.Addr{}, err
	}
	if i := strings.IndexFunc(host, forbiddenInDomain); i >= 0 {
		return "", netip.Addr{}, fmt.Errorf("contains %q, which is not allowed in a host name", host[i])
	}
	if !endsInNumber(host) {
		return host, netip.Addr{}, nil
	}
	ip, ok := parseIPv4(host)
	if !ok {
		return "", netip.Addr{}, fmt.Errorf("has the host %q, which ends in a number but is not an IPv4 address", raw)
	}
	return ip.String(), ip, nil
}

func parseIPv6(raw string) (string, netip.Addr, error) {
	ip, err := netip.ParseAddr(strings.TrimSuffix(raw[1:], "]"))
	if err != nil || raw[len(raw)-1] != ']' || !ip.Is6() || ip.Zone() != "" {
		return "", netip.Addr{}, fmt.Errorf("has the host %q, which is not an IPv6 address", raw)
	}
	return "[" + hexIPv6(ip) + "]", ip, nil
}

// hexIPv6 formats an address as browsers do, with mapped IPv4 addresses in hex.
func hexIPv6(ip netip.Addr) string {
	if !ip.Is4In6() {
		return ip.String()
	}
	b := ip.As16()
	return fmt.Sprintf("::ffff:%x:%x", int(b[12])<<8|int(b[13]), int(b[14])<<8|int(b[15]))
}

// domainToASCII implements "domain to ASCII" after percent-decoding. ASCII hosts
// skip the IDNA tables.
func domainToASCII(raw string) (string, error) {
	if strings.IndexByte(raw, '%') >= 0 {
		decoded, err := url.PathUnescape(raw)
		if err != nil {
			return "", fmt.Errorf("has invalid percent-encoding in its host %q", raw)
		}
		raw = decoded
	}
	ascii := true
	for i := range len(raw) {
		ascii = ascii && raw[i] < 0x80
	}
	if ascii {
		return strings.ToLower(raw), nil
	}
	host, err := idnaProfile().ToASCII(raw)
	if err != nil || host == "" || !utf8.ValidString(raw) {
		return "", fmt.Errorf("has the host %q, which cannot be converted to punycode", raw)
	}
	return host, nil
}

// idnaProfile returns the UTS #46 profile that the URL standard requires.
func idnaProfile() *idna.Profile {
	return idna.New(
		idna.MapForLookup(),
		idna.Transitional(false),
		idna.StrictDomainName(false),
		idna.CheckHyphens(false),
		idna.BidiRule(),
	)
}

// forbiddenInDomain reports whether r is a forbidden domain code point of the URL
// standard.
func forbiddenInDomain(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`#%/:<>?@[\]^|`, r)
}

// endsInNumber implements the URL standard's "ends in a number checker": such a
// host is either an IPv4 address or invalid.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" || !isDigit(last[0]) {
		return false
	}
	digits := true
	for i := range len(last) {
		digits = digits && isDigit(last[i])
	}
	if digits {
		return true
	}
	_, ok := parseIPv4Number(last)
	return ok
}

// parseIPv4 parses one to four numbers in decimal, octal or hex.
func parseIPv4(host string) (netip.Addr, bool) {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var ip uint64
	for i, part := range parts {
		n, ok := parseIPv4Number(part)
		last := i == len(parts)-1
		if !ok || !last && n > 255 || n >= 1<<(8*(5-len(parts))) {
			return netip.Addr{}, false
		}
		if last {
			ip |= n
		} else {
			ip |= n << (8 * (3 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}), true
}

// parseIPv4Number parses a number of any size, as the URL standard does. It also
// returns true for numbers that are too large for an address.
func parseIPv4Number(s string) (uint64, bool) {
	base := 10
	switch {
	case s == "":
		return 0, false
	case strings.HasPrefix(s, "0x"):
		s, base = s[2:], 16
	case s[0] == '0':
		s, base = s[1:], 8
	}
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(s, base, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

// RegistrableDomain returns the eTLD+1 of a host in ASCII: the public suffix and
// one label. It uses the public suffix list with its private part, and the default
// rule "*" for unlisted names. It returns "" for a public suffix, a single label or
// an IP address.
func RegistrableDomain(host string) string {
	host = strings.TrimSuffix(host, ".")
	if strings.HasPrefix(host, "[") || endsInNumber(host) {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return domain
}

// IsPublicSuffix reports whether the host is in the public suffix list, such as
// "co.uk" or "github.io". It returns false for an unlisted single label.
func IsPublicSuffix(host string) bool {
	if endsInNumber(host) {
		return false
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	return suffix == host && (icann || strings.Contains(suffix, "."))
}

func quote(s string) string { return strconv.Quote(s) }
