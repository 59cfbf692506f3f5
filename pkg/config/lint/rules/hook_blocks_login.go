package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// 30 s a try and two more tries; the public server gives up after 60 s (run).
var hookBlocksLogin = &lint.Rule{
	ID: "hook-blocks-login", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if h.Config() == nil || h.List.Flow != "login" || h.Ignored() || h.Parsed() || h.Config().Get("response").Unknown() || h.ToSidecar() {
				continue // hook-not-ignored speaks of the sidecar
			}
			p.ReportAt(h.Key("url"), finding.Finding{
				Message: "every sign-in waits for this hook, up to 93 seconds when its receiver hangs, and fails when it fails",
				Help:    "add response: {ignore: true}, unless its answer is meant to stop a sign-in",
			})
		}
	},
}

// ignoreAnswer has Kratos not wait for a hook.
func ignoreAnswer(p *lint.Pass, h passkeys.Hook) []source.Edit {
	config := fmt.Sprintf("selfservice.flows.%s.%d.config", h.List.Path, h.Index)
	if h.Config().Get("response") == nil {
		return p.InsertPath(config, "response: {ignore: true}")
	}
	return p.Set(config+".response.ignore", "true")
}
