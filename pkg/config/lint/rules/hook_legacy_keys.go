package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// embedx/config.schema.json at v1.3.1.
var hookLegacyKeys = &lint.Rule{
	ID: "hook-legacy-keys", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if v := h.Config().Get("can_interrupt"); v.Exists() {
				p.ReportAt(v, finding.Finding{Message: "can_interrupt is deprecated", Help: "write response: {parse: true}"})
			}
			body := h.Config().Get("body")
			if !body.Is(kratosconf.String) || body.Unknown() || body.Str == "" || strings.Contains(body.Str, "://") {
				continue
			}
			p.ReportAt(body, finding.Finding{
				Message: fmt.Sprintf("body %q is a path without a scheme, which is deprecated", body.Str),
				Help:    fmt.Sprintf("write %q", "file://"+body.Str),
				Fix:     body.Edit("file://" + body.Str),
			})
		}
	},
}
