package passkeys

import (
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Profile sets how strict some rules are: a warning in development may be an error in
// production.
type Profile uint8

// The profiles; ProfileGuess infers one from the domains.
const (
	ProfileGuess Profile = iota
	ProfileDev
	ProfileProd
)

// ParseProfile reads dev or prod.
func ParseProfile(s string) (Profile, bool) {
	switch s {
	case "":
		return ProfileGuess, true
	case "dev":
		return ProfileDev, true
	case "prod":
		return ProfileProd, true
	}
	return ProfileGuess, false
}

// IsPublic reports whether a page can be reached from the internet by its name:
// none of the names that are kept for tests and private networks.
func IsPublic(page webauthn.Page) bool {
	host := strings.TrimSuffix(page.Host, ".")
	if page.IP.IsValid() || page.IsLocalhost() || webauthn.RegistrableDomain(host) == "" {
		return false
	}
	// RFC 2606, RFC 6762, RFC 8375, and what ICANN keeps for private use.
	private := []string{"test", "local", "localdomain", "internal", "invalid", "lan", "home", "corp", "home.arpa", "intranet", "docker", "svc"}
	return !slices.ContainsFunc(private, func(tld string) bool { return strings.HasSuffix(host, "."+tld) })
}

// Prod reports whether the configuration is for production, not for development.
func (c *Config) Prod() bool { return c.profile == ProfileProd }

func guessProfile(pages []Page) Profile {
	for _, page := range pages {
		if page.Known && IsPublic(page.Page) {
			return ProfileProd
		}
	}
	return ProfileDev
}
