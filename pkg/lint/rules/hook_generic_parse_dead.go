package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// selfservice/flow/registration/hook.go at v1.3.1: the executors that run before
// saving read the method list only, the others skip parse hooks (run).
var hookGenericParseDead = &lint.Rule{
	ID: "hook-generic-parse-dead", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if h.List.Method != "" || !h.List.After || !h.Parsed() || h.List.Flow != "registration" && h.List.Flow != "settings" {
				continue
			}
			p.ReportAt(h.Key("url"), lint.Finding{
				Message: fmt.Sprintf("a hook with response.parse in %s never runs", h.List.Path),
				Help:    fmt.Sprintf("move it under each method, such as selfservice.flows.%s.after.passkey.hooks", h.List.Flow),
			})
		}
	},
}
