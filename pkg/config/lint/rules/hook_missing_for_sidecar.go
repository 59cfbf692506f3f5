package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

var hookMissingForSidecar = &lint.Rule{
	ID: "hook-missing-for-sidecar", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		var told *passkeys.Hook
		for _, h := range p.WebHooks() {
			if h.ToSidecar() {
				told = &h
			}
		}
		if told == nil {
			return
		}
		known := told.Config().Get("url")
		for _, m := range p.Enabled() {
			for _, flow := range []string{"registration", "login", "settings"} {
				noSignUp := !m.FirstFactor || p.Get("selfservice.flows.registration.enabled").False()
				if flow == "registration" && noSignUp || tellsSidecar(p, flow, m.Name) {
					continue
				}
				where := fmt.Sprintf("selfservice.flows.%s.after.%s.hooks", flow, m.Name)
				p.Report(finding.Finding{
					Span:    p.Near(where + ".0"),
					Message: fmt.Sprintf("no hook notifies the sidecar after %s with %s: its index is stale until the next sweep", flow, m.Name),
					Suggest: tellSidecarToo(p, told, flow, m.Name),
					Help:    "add the hook to " + where,
					Notes:   []finding.Note{{Span: known.Place(), Message: "notified here"}},
				})
			}
		}
	},
}

func tellsSidecar(p *lint.Pass, flow, method string) bool {
	for _, v := range p.Effective(flow, method).Items() {
		if v.Unknown() || v.Get("config").Unknown() || (passkeys.Hook{Value: v}).ToSidecar() {
			return true
		}
	}
	return false
}

// tellSidecarToo proposes the sidecar hook of another flow with the URL for
// this one, or nothing if a new list would disable the generic one.
func tellSidecarToo(p *lint.Pass, told *passkeys.Hook, flow, method string) []source.Edit {
	after := p.Get("selfservice.flows." + flow + ".after")
	own := after.Get(method + ".hooks")
	if own == nil && len(after.Get("hooks").Items()) > 0 || len(own.Items()) > 0 || told.Parsed() {
		return nil // at index > 0 no variable can set its key
	}
	path := "selfservice.flows." + flow + ".after." + method + ".hooks"
	edits := p.CopyHooks(path, told.Value)
	from, to := api.HookPath+told.List.Flow, api.HookPath+flow
	for i := range edits {
		edits[i].New = strings.ReplaceAll(edits[i].New, from, to)
		if flow == "registration" && p.IssuesSession() && !p.VerifiesFirst() {
			edits[i].New = withSession(edits[i].New)
		}
	}
	return edits
}

// withSession adds the hook that signs users in to a block of hooks, as in the
// lists of other methods.
func withSession(text string) string {
	at := strings.Index(text, "- ")
	start := strings.LastIndexByte(text[:max(at, 0)], '\n') + 1
	if at < 0 || strings.TrimSpace(text[start:at]) != "" {
		return text
	}
	return text + text[start:at] + "- hook: session\n"
}
