package rules

import (
	"fmt"
	"net/textproto"
	"regexp"
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// selfservice/hook/web_hook.go at v1.3.1, RequestHeaderAllowList.
var hookHeaderNotAllowed = &lint.Rule{
	ID: "hook-header-not-allowed", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			for _, m := range headerUse.FindAllStringSubmatch(p.Sent(h).Body, -1) {
				name := textproto.CanonicalMIMEHeaderKey(m[1])
				if slices.Contains(allowedHeaders(p), name) {
					continue
				}
				p.ReportAt(h.Key("body"), lint.Finding{
					Message: fmt.Sprintf("the body reads the request header %q, which Kratos does not pass on", name),
					Fix:     allowHeader(p, name),
					Help:    "add it to clients.web_hook.header_allowlist (v26.2.0), or do without",
				})
			}
		}
	},
}

var headerUse = regexp.MustCompile(`request_headers(?:\.|\[["'])([A-Za-z][A-Za-z0-9-]*)`)

func allowedHeaders(p *lint.Pass) []string {
	allowed := []string{
		"Accept", "Accept-Encoding", "Accept-Language", "Content-Length", "Content-Type", "Origin", "Priority", "Referer", "Sec-Ch-Ua",
		"Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "True-Client-Ip", "User-Agent",
	}
	for _, v := range p.Config.Get("clients.web_hook.header_allowlist").Items() {
		allowed = append(allowed, textproto.CanonicalMIMEHeaderKey(v.Str))
	}
	return allowed
}

// allowHeader lists the header, where this Kratos has such a list.
func allowHeader(p *lint.Pass, name string) []source.Edit {
	const path = "clients.web_hook.header_allowlist"
	if !p.Version.AtLeast(kratosconf.Version{Major: 26, Minor: 2}) {
		return nil
	}
	if list := p.Config.Get(path); list != nil {
		return lint.AppendItem(list, name)
	}
	return p.Set(path, "["+name+"]")
}
