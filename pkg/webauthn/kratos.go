package webauthn

import (
	"fmt"
	"net/url"
	"strings"
)

// Kratos is Kratos' gate: is the origin that the browser put into the client
// data one of the configured ones? origins is nil when rp.origins is not
// configured; Kratos then allows exactly one origin, made of the scheme of
// baseURL (serve.public.base_url) and rp.id, without a port (driver/config/
// config.go, PasskeyConfig and WebAuthnConfig at v1.3.1).
//
// The comparison is that of go-webauthn v0.11.2 (protocol/client.go,
// CollectedClientData.Verify): whole strings, letter case aside. Kratos never
// checks rp.id itself.
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
		v.Reason = fmt.Sprintf("no origins are configured, so Kratos expects only %q, made of base_url's scheme and rp.id; the browser sends %q", allowed[0], origin)
	case len(origins) == 0:
		v.Reason = fmt.Sprintf("the list of origins is empty, so Kratos refuses every ceremony; the browser sends %q", origin)
	default:
		v.Reason = fmt.Sprintf("the browser sends the origin %q, and Kratos expects %s", origin, quoteList(allowed))
	}
	return v
}

// DefaultOrigin is the only origin that Kratos allows when none is configured.
// Without a usable base_url Kratos guesses one, with the scheme https unless it
// runs with --dev (driver/config/config.go, guessBaseURL at v1.3.1).
func DefaultOrigin(rpID, baseURL string) string {
	scheme := "https"
	if u, err := url.ParseRequestURI(baseURL); err == nil {
		scheme = u.Scheme
	}
	return scheme + "://" + rpID
}

// quoteList names what is allowed, the first few of a long list.
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
