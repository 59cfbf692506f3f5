package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Since v1.2.0 (e94250705) Kratos runs `session` last, wherever it is listed.
var sessionBeforeWebhook = &lint.Rule{
	ID: "session-before-webhook", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if p.Version.AtLeast(kratosconf.VersionPasskey) || len(p.Enabled()) == 0 {
			return
		}
		for _, list := range p.HookLists() {
			session := -1
			for i, h := range list.Value.Items() {
				name := h.Get("hook").Text()
				if name == "session" {
					session = i
				}
				if name != "web_hook" || session < 0 {
					continue
				}
				items := list.Value.Items()
				p.ReportAt(h.Get("hook"), finding.Finding{
					Fix:     moveLast(list.Value, items[session]),
					Message: fmt.Sprintf("web_hook after `session` never runs on Kratos %s", p.Version),
					Help:    "list `session` last, or upgrade to v1.2.0",
				})
				break
			}
		}
	},
}

// moveLast moves an element to the end of its list.
func moveLast(list, item *kratosconf.Value) []source.Edit {
	removed, added := yamledit.DeleteItem(list, item), yamledit.AppendLines(list, yamledit.ItemLines(item))
	if removed == nil || added == nil {
		return nil
	}
	return append(removed, added...)
}
