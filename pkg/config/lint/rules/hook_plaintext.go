package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

// Plain HTTP is common inside a cluster and on one machine.
var hookPlaintext = &lint.Rule{
	ID: "hook-plaintext", Severity: lint.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			target := lint.NewOrigin(h.Config().Get("url"))
			if !target.Known || target.Page.Scheme != "http" || !lint.IsPublic(target.Page) {
				continue
			}
			p.ReportAt(target.Value, lint.Finding{
				Message: fmt.Sprintf("the hook to %q is sent over the internet unencrypted", target.Value.Str),
				Help:    "write https",
				Suggest: target.Value.Edit("https" + strings.TrimPrefix(target.Value.Str, "http")),
			})
		}
	},
}
