package explain

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// compareOrigins says how the origin that a browser sent differs from those
// that Kratos expects: the nearest one counts.
func compareOrigins(expected []string, received string) proof {
	if strings.HasPrefix(received, "android:") {
		return proof{"origin-of-app", fmt.Sprintf("the origin %q is a native app's", received)}
	}
	if len(expected) == 0 {
		return proof{"origins-empty", fmt.Sprintf("no origin is expected, and %q was received", received)}
	}
	page, err := webauthn.ParsePage(received)
	if err != nil {
		return proof{"origin-not-listed", fmt.Sprintf("the origin %q was received", received)}
	}
	// The differences, from near to far.
	near := []string{"origin-trailing-slash", "origin-spelling", "origin-port", "origin-scheme"}
	best := proof{"origin-not-listed", fmt.Sprintf("%q was received, and nothing like it is expected", received)}
	rank := len(near)
	for _, e := range expected {
		cause, what := difference(e, page)
		for i, id := range near[:rank] {
			if id == cause {
				rank = i
				best = proof{cause, fmt.Sprintf("expected %q, received %q: %s", e, received, what)}
				break
			}
		}
	}
	return best
}

// difference names the one thing in which a configured origin differs from a
// page's, "" where they have nothing to do with each other.
func difference(expected string, page webauthn.Page) (cause, what string) {
	if strings.Contains(expected, "*") {
		if _, parent, _ := strings.Cut(expected, "*."); parent != "" && strings.HasSuffix(page.Host, "."+parent) {
			return "origin-spelling", "a wildcard matches nothing"
		}
		return "", ""
	}
	if !strings.Contains(expected, "://") {
		if p, err := webauthn.ParsePage("https://" + expected); err == nil && p.Host == page.Host {
			return "origin-spelling", "the scheme is missing"
		}
		return "", ""
	}
	p, err := webauthn.ParsePage(expected)
	_, rest, _ := strings.Cut(expected, "://")
	switch {
	case err != nil || p.Host != page.Host:
		return "", ""
	case p == page && strings.ContainsAny(rest, "/?#"):
		return "origin-trailing-slash", "browsers send neither slash nor path"
	case p == page && strings.EqualFold(expected, page.Origin()):
		return "", ""
	case p == page && strings.Contains(rest, ":"):
		return "origin-port", "browsers leave out a default port"
	case p == page:
		return "origin-spelling", "the same origin in another spelling"
	case p.Scheme == page.Scheme:
		return "origin-port", "the port differs"
	}
	return "origin-scheme", fmt.Sprintf("%s is not %s", p.Scheme, page.Scheme)
}
