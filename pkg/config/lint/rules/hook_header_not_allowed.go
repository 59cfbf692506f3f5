package rules

import (
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

const headerAllowlist = "clients.web_hook.header_allowlist"

// selfservice/hook/web_hook.go at v1.3.1, RequestHeaderAllowList. Since v25.4.0
// the list can be configured, which replaces the default
// (driver/config/config.go).
var hookHeaderNotAllowed = &lint.Rule{
	ID: "hook-header-not-allowed", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		configurable := p.Version.AtLeast(kratosconf.VersionTriggerID)
		allowed, list := passkeys.DefaultWebHookHeaders(), p.Get(headerAllowlist)
		help := fmt.Sprintf("do without it, or add it to %s, which Kratos supports since %s", headerAllowlist, kratosconf.VersionTriggerID)
		if configurable {
			help = fmt.Sprintf("add it to %s, or do without it", headerAllowlist)
		}
		switch {
		case configurable && list.Is(kratosconf.List):
			allowed = nil
			for _, v := range list.Items() {
				allowed = append(allowed, textproto.CanonicalMIMEHeaderKey(v.Str))
			}
			help += "; a configured list replaces Kratos' default"
		case configurable && list != nil:
			return // a template, or not a list, which Kratos rejects
		case configurable:
			help = fmt.Sprintf("list it in %s together with Kratos' %d default headers, which the list replaces, or do without it", headerAllowlist, len(allowed))
		}
		for _, h := range p.WebHooks() {
			for _, m := range headerUse.FindAllStringSubmatch(p.Payload(h).Body, -1) {
				name := textproto.CanonicalMIMEHeaderKey(m[1])
				if slices.Contains(allowed, name) || list.Unknown() || slices.ContainsFunc(list.Items(), (*kratosconf.Value).Unknown) {
					continue
				}
				f := finding.Finding{
					Message: fmt.Sprintf("the body reads the request header %q, which Kratos does not forward", name),
					Help:    help,
				}
				if configurable {
					f.Fix = allowHeader(p, list, name)
				}
				p.ReportAt(h.Key("body"), f)
			}
		}
	},
}

var headerUse = regexp.MustCompile(`request_headers(?:\.|\[["'])([A-Za-z][A-Za-z0-9-]*)`)

// allowHeader adds the header to the list. A new list starts with the headers
// that Kratos forwards by default.
func allowHeader(p *lint.Pass, list *kratosconf.Value, name string) []source.Edit {
	if list != nil {
		return yamledit.Append(list, name)
	}
	return p.Set(headerAllowlist, "["+strings.Join(append(passkeys.DefaultWebHookHeaders(), name), ", ")+"]")
}
