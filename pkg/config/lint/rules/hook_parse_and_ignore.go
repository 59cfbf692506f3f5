package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// embedx/config.schema.json at v1.3.1: not both.
var hookParseAndIgnore = &lint.Rule{
	ID: "hook-parse-and-ignore", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if !h.Ignored() || !h.Parsed() {
				continue
			}
			p.ReportAt(h.Key("response.ignore"), finding.Finding{
				Message: "the hook's answer is both ignored and parsed, so Kratos refuses to start",
				Suggest: chooseAnswer(h),
				Help:    "write `ignore: true` to tell somebody, or `parse: true` to ask somebody",
			})
		}
	},
}

// chooseAnswer proposes to ignore the sidecar, which only wants to know, and to
// wait for anybody else.
func chooseAnswer(h passkeys.Hook) []source.Edit {
	parse := h.Config().Get("response.parse")
	if parse == nil {
		parse = h.Config().Get("can_interrupt")
	}
	if h.ToSidecar() {
		return parse.Edit("false")
	}
	return h.Config().Get("response.ignore").Edit("false")
}
