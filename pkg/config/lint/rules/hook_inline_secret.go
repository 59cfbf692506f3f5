package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// A variable can set it at index 0 without changing the other hooks (measured).
var hookInlineSecret = &lint.Rule{
	ID: "hook-inline-secret", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			for _, name := range []string{"auth.config.value", "auth.config.password"} {
				v := h.Config().Get(name)
				if !v.Is(kratosconf.String) || v.Unknown() || v.Env != "" || v.Str == "" || v.Str == "set-by-environment" {
					continue
				}
				help := "write set-by-environment and set " + envName(h, name)
				if h.Index > 0 {
					help = "move the hook to the start of its list, " + help
				}
				f := finding.Finding{Message: "the hook's key is stored in plain text in the file", Help: help}
				if h.Index == 0 {
					f.Suggest = v.Edit("set-by-environment")
				}
				p.ReportAt(v, f)
			}
		}
	},
}

// envName returns the variable that sets a key of the hook at index 0.
func envName(h passkeys.Hook, name string) string {
	path := fmt.Sprintf("selfservice.flows.%s.0.config.%s", h.List.Path, name)
	return strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}
