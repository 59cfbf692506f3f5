package doctor

import (
	"net/url"
	"slices"
	"strings"
)

// policy is a Content-Security-Policy: sources by directive, with directive names
// in lower case (CSP Level 3 §2.2).
type policy map[string][]string

// parsePolicies parses the policies of headers and meta elements. One text can
// contain several, separated by commas.
func parsePolicies(texts []string) []policy {
	var out []policy
	for _, text := range texts {
		for one := range strings.SplitSeq(text, ",") {
			p := policy{}
			for directive := range strings.SplitSeq(one, ";") {
				words := strings.Fields(directive)
				if len(words) == 0 {
					continue
				}
				if name := strings.ToLower(words[0]); p[name] == nil { // duplicates are ignored
					p[name] = append([]string{}, words[1:]...)
				}
			}
			if len(p) > 0 {
				out = append(out, p)
			}
		}
	}
	return out
}

// first returns the first existing directive of a fallback chain.
func (p policy) first(names ...string) (directive string, sources []string) {
	for _, name := range names {
		if s, ok := p[name]; ok {
			return name, s
		}
	}
	return "", nil
}

// blocksScript returns the directive that blocks a script, "" if none does (CSP
// Level 3 §6.7.1.1).
func (p policy) blocksScript(s script, self *url.URL) string {
	name, sources := p.first("script-src-elem", "script-src", "default-src")
	if name == "" || s.nonce != "" && slices.Contains(sources, "'nonce-"+s.nonce+"'") || hashed(sources, s.integrity) {
		return ""
	}
	if hasKeyword(sources, "'strict-dynamic'") || !allows(sources, s.src, self) {
		return name
	}
	return ""
}

// blocksInline returns the directive that blocks inline event handlers, "" if none
// does.
func (p policy) blocksInline() string {
	name, sources := p.first("script-src-attr", "script-src", "default-src")
	if name == "" || hasKeyword(sources, "'unsafe-hashes'") {
		return ""
	}
	strict := slices.ContainsFunc(sources, func(s string) bool {
		s = strings.ToLower(s)
		return strings.HasPrefix(s, "'nonce-") || strings.HasPrefix(s, "'sha") || s == "'strict-dynamic'"
	})
	if hasKeyword(sources, "'unsafe-inline'") && !strict {
		return ""
	}
	return name
}

// hashed reports whether the sources contain every hash of an integrity attribute.
func hashed(sources []string, integrity string) bool {
	hashes := strings.Fields(integrity)
	for _, h := range hashes {
		if !slices.Contains(sources, "'"+h+"'") {
			return false
		}
	}
	return len(hashes) > 0
}

func hasKeyword(sources []string, keyword string) bool {
	return slices.ContainsFunc(sources, func(s string) bool { return strings.EqualFold(s, keyword) })
}

// allows reports whether a URL matches one of the sources (CSP Level 3 §6.7.2.7).
func allows(sources []string, u, self *url.URL) bool {
	return slices.ContainsFunc(sources, func(s string) bool { return matches(strings.ToLower(s), u, self) })
}

func matches(source string, u, self *url.URL) bool {
	switch {
	case source == "'self'":
		return originOf(u) == originOf(self)
	case source == "*":
		return u.Scheme == "http" || u.Scheme == "https" || u.Scheme == self.Scheme
	case strings.HasPrefix(source, "'"):
		return false
	case strings.HasSuffix(source, ":"):
		return upgrades(strings.TrimSuffix(source, ":"), u.Scheme)
	}
	scheme, rest, ok := strings.Cut(source, "://")
	if !ok {
		scheme, rest = self.Scheme, source
	}
	hostPort, path, _ := strings.Cut(rest, "/")
	host, port, _ := strings.Cut(hostPort, ":")
	if !upgrades(scheme, u.Scheme) || !hostMatches(host, strings.ToLower(u.Hostname())) || !portMatches(port, u) {
		return false
	}
	if path == "" {
		return true
	}
	path = "/" + path
	return u.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(u.Path, path)
}

// upgrades reports whether a source's scheme matches: http also matches https.
func upgrades(source, scheme string) bool {
	return source == scheme || source == "http" && scheme == "https"
}

func hostMatches(pattern, host string) bool {
	if pattern == "*" {
		return true
	}
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(host, suffix)
	}
	return pattern == host
}

func portMatches(pattern string, u *url.URL) bool {
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	switch pattern {
	case "*", port:
		return true
	case "":
		return port == defaultPort(u.Scheme)
	}
	return pattern == "80" && port == "443"
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}
