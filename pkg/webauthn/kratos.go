package webauthn

import (
	"fmt"
	"net/url"
	"strings"
)

// Kratos is Kratos' gate: it reports whether the origin in the client data is a
// configured one. origins is nil if rp.origins is missing; Kratos then allows
// exactly one origin, the scheme of baseURL (serve.public.base_url) with rp.id and
// without a port (driver/config/config.go, PasskeyConfig and WebAuthnConfig at
// v1.3.1).
//
// Like go-webauthn v0.11.2 (protocol/client.go, CollectedClientData.Verify), it
// compares whole strings, ignoring case. Kratos does not check rp.id itself.
func Kratos(origin, rpID string, origins []string, baseURL string) Verdict {
	allowed := origins
	if allowed == nil {
		allowed = []string{DefaultOrigin(rpID, baseURL)}
	}
	for _, o := range allowed {
		if strings.EqualFold(o, origin) {
			return Verdict{OK: true, Class: ClassOK, Reason: fmt.Sprintf("Kratos expects the origin %q", origin)}
		}
	}
	v := Verdict{Gate: GateKratos, Class: ClassOriginNotConfigured}
	switch {
	case origins == nil:
		v.Reason = fmt.Sprintf("no origins are configured, so Kratos only expects %q, derived from base_url's scheme and rp.id, but the browser sends %q", allowed[0], origin)
	case len(origins) == 0:
		v.Reason = fmt.Sprintf("the list of origins is empty, so Kratos rejects every ceremony; the browser sends %q", origin)
	default:
		v.Reason = fmt.Sprintf("the browser sends the origin %q, but Kratos expects %s", origin, quoteList(allowed))
	}
	return v
}

// DefaultOrigin returns the only origin that Kratos allows if none is configured.
// Without a valid base_url Kratos guesses one, with the scheme https unless it runs
// with --dev (driver/config/config.go, guessBaseURL at v1.3.1).
func DefaultOrigin(rpID, baseURL string) string {
	scheme := "https"
	if u, err := url.ParseRequestURI(baseURL); err == nil {
		scheme = u.Scheme
	}
	return scheme + "://" + rpID
}

// quoteList formats a list, shortening a long one.
func quoteList(list []string) string {
	const most = 5
	quoted := make([]string, 0, most)
	for _, s := range list[:min(len(list), most)] {
		quoted = append(quoted, quote(s))
	}
	out := strings.Join(quoted, ", ")
	if len(list) > most {
		out += fmt.Sprintf(" and %d more", len(list)-most)
	}
	return out
}
