package explain

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// compareOrigins reports how the origin that a browser sent differs from the most
// similar one that Kratos expects.
func compareOrigins(expected []string, received string) proof {
	if strings.HasPrefix(received, "android:") {
		return proof{"origin-of-app", fmt.Sprintf("the origin %q belongs to a native app", received)}
	}
	if len(expected) == 0 {
		return proof{"origins-empty", fmt.Sprintf("Kratos expects no origin, but received %q", received)}
	}
	page, err := webauthn.ParsePage(received)
	if err != nil {
		return proof{"origin-not-listed", fmt.Sprintf("Kratos received the origin %q", received)}
	}
	// The differences, smallest first.
	near := []string{"origin-trailing-slash", "origin-spelling", "origin-port", "origin-scheme"}
	best := proof{"origin-not-listed", fmt.Sprintf("Kratos received %q, and expects no similar origin", received)}
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

// difference returns the cause and a description of the one difference between a
// configured origin and a page's; both are "" if the origins are unrelated.
func difference(expected string, page webauthn.Page) (cause, what string) {
	if strings.Contains(expected, "*") {
		if _, parent, _ := strings.Cut(expected, "*."); parent != "" && strings.HasSuffix(page.Host, "."+parent) {
			return "origin-spelling", "wildcards never match"
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
		return "origin-trailing-slash", "browsers send neither a trailing slash nor a path"
	case p == page && strings.EqualFold(expected, page.Origin()):
		return "", ""
	case p == page && strings.Contains(rest, ":"):
		return "origin-port", "browsers omit the default port"
	case p == page:
		return "origin-spelling", "the same origin, spelled differently"
	case p.Scheme == page.Scheme:
		return "origin-port", "the port differs"
	}
	return "origin-scheme", fmt.Sprintf("%s is not %s", p.Scheme, page.Scheme)
}
