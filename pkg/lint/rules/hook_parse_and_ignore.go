package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// embedx/config.schema.json at v1.3.1: not both.
var hookParseAndIgnore = &lint.Rule{
	ID: "hook-parse-and-ignore", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if !h.Ignored() || !h.Parsed() {
				continue
			}
			p.ReportAt(h.Key("response.ignore"), lint.Finding{
				Message: "the hook's answer is both ignored and parsed, so Kratos refuses to start",
				Help:    "write `ignore: true` to tell somebody, or `parse: true` to ask somebody",
			})
		}
	},
}
