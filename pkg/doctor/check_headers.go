package doctor

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// contentSecurityPolicy checks for blocked scripts, requests and forms; browsers
// report them only in the console.
var contentSecurityPolicy = check{"content-security-policy", func(_ context.Context, v *visit) outcome {
	if v.doc == nil {
		return v.noPage()
	}
	var problems []Problem
	for _, p := range parsePolicies(slices.Concat(v.html.header.Values("Content-Security-Policy"), v.doc.metaCSP)) {
		problems = append(problems, v.blocked(p)...)
	}
	return verdict(problems)
}}

// blocked returns what one policy blocks.
func (v *visit) blocked(p policy) []Problem {
	self, subject := v.html.url, v.html.url.Redacted()
	var out []Problem
	for _, s := range v.doc.scripts {
		if name := p.blocksScript(s, self); name != "" {
			out = append(out, problem(finding.Error, subject, fmt.Sprintf("add %s://%s to %s, or give the script the page's nonce", s.src.Scheme, s.src.Host, name), "%s blocks the page's script %q", name, s.src))
		}
	}
	if name := p.blocksInline(); name != "" && len(v.doc.handlers) > 0 {
		out = append(out, problem(finding.Error, subject, "call the function in onclickTrigger from one of the page's own scripts", "%s blocks the inline handler %q of a Kratos node", name, v.doc.handlers[0]))
	}
	if len(v.doc.forms) == 0 {
		kratos, err := url.Parse(v.kratos)
		if name, sources := p.first("connect-src", "default-src"); err == nil && name != "" && originOf(kratos) != originOf(self) && !allows(sources, kratos, self) {
			out = append(out, problem(finding.Error, subject, "add "+originOf(kratos)+" to connect-src", "%s blocks requests from the page's scripts to Kratos at %q", name, originOf(kratos)))
		}
		return out
	}
	sources, ok := p["form-action"]
	if !ok {
		return out
	}
	for _, target := range []*url.URL{v.doc.forms[0], self} {
		if !allows(sources, target, self) {
			out = append(out, problem(finding.Error, subject, "set form-action to 'self' "+originOf(v.doc.forms[0]), "form-action blocks %q, the target of a form: the browser stays on the page without an error", originOf(target)))
		}
	}
	return out
}

var credentialsFeature = regexp.MustCompile(`publickey-credentials-(get|create)\s*=\s*(\([^)]*\)|\*|[a-z]+|"[^"]*")`)

// permissionsPolicy checks that passkeys are allowed (WebAuthn §5.9).
var permissionsPolicy = check{"permissions-policy", func(_ context.Context, v *visit) outcome {
	if v.doc == nil {
		return v.noPage()
	}
	var problems []Problem
	text := strings.Join(v.html.header.Values("Permissions-Policy"), ", ")
	for _, m := range credentialsFeature.FindAllStringSubmatch(text, -1) {
		list := strings.Fields(strings.Trim(m[2], "()"))
		if slices.Contains(list, "*") || slices.Contains(list, "self") || slices.Contains(list, `"`+originOf(v.html.url)+`"`) {
			continue
		}
		problems = append(problems, problem(finding.Error, v.html.url.Redacted(), fmt.Sprintf("send publickey-credentials-%s=(self)", m[1]), "Permissions-Policy has %q, so browsers reject navigator.credentials.%s on this page", m[0], m[1]))
	}
	return verdict(problems)
}}
