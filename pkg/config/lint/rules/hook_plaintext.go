package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Plain HTTP is common inside a cluster and on one machine.
var hookPlaintext = &lint.Rule{
	ID: "hook-plaintext", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			target := passkeys.NewOrigin(h.Config().Get("url"))
			if !target.Known || target.Page.Scheme != "http" || !passkeys.IsPublic(target.Page) {
				continue
			}
			p.ReportAt(target.Value, finding.Finding{
				Message: fmt.Sprintf("the hook to %q is sent over the internet unencrypted", target.Value.Str),
				Help:    "write https",
				Suggest: target.Value.Edit("https" + strings.TrimPrefix(target.Value.Str, "http")),
			})
		}
	},
}
