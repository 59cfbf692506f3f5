package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// selfservice/flow/registration/hook.go at v1.3.1: executors that run before
// the identity is saved read only the method's list, and the others skip parse
// hooks (measured).
var hookGenericParseDead = &lint.Rule{
	ID: "hook-generic-parse-dead", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if h.List.Method != "" || !h.List.After || !h.Parsed() || h.List.Flow != "registration" && h.List.Flow != "settings" {
				continue
			}
			p.ReportAt(h.Key("url"), finding.Finding{
				Message: fmt.Sprintf("a hook with response.parse in %s never runs", h.List.Path),
				Suggest: underMethods(p, h),
				Help:    fmt.Sprintf("move it under each method, such as selfservice.flows.%s.after.passkey.hooks", h.List.Flow),
			})
		}
	},
}

// underMethods proposes to move the hook to the list of each enabled method. A
// new list disables the generic one, so it also gets that one's other hooks.
func underMethods(p *lint.Pass, h passkeys.Hook) []source.Edit {
	edits := yamledit.DeleteItem(h.List.Value, h.Value)
	if len(h.List.Value.Items()) == 1 {
		edits = yamledit.DeleteList(h.List.Value)
	}
	if edits == nil {
		return nil
	}
	for _, m := range p.Enabled() {
		path := fmt.Sprintf("selfservice.flows.%s.after.%s.hooks", h.List.Flow, m.Name)
		var others []*kratosconf.Value
		if p.Get(path) == nil {
			for _, other := range h.List.Value.Items() {
				if other != h.Value {
					others = append(others, other)
				}
			}
		}
		added := p.CopyHooks(path, append([]*kratosconf.Value{h.Value}, others...)...)
		if added == nil {
			return nil
		}
		edits = append(edits, added...)
	}
	return edits
}
