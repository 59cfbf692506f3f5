package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Three tries of 30 s each; the public server gives up after 60 s (measured).
var hookBlocksLogin = &lint.Rule{
	ID: "hook-blocks-login", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if h.Config() == nil || h.List.Flow != "login" || h.Ignored() || h.Parsed() || h.Config().Get("response").Unknown() || h.ToSidecar() {
				continue // hook-not-ignored covers the sidecar
			}
			p.ReportAt(h.Key("url"), finding.Finding{
				Message: "every sign-in waits for this hook, up to 93 seconds if its receiver hangs, and fails if the hook fails",
				Help:    "add response: {ignore: true}, unless the response is meant to block sign-ins",
			})
		}
	},
}

// ignoreAnswer makes Kratos continue without waiting for the hook.
func ignoreAnswer(p *lint.Pass, h passkeys.Hook) []source.Edit {
	config := fmt.Sprintf("selfservice.flows.%s.%d.config", h.List.Path, h.Index)
	if h.Config().Get("response") == nil {
		return p.InsertPath(config, "response: {ignore: true}")
	}
	return p.Set(config+".response.ignore", "true")
}
