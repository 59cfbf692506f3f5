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
				Message: "the hook's response is both ignored and parsed, so Kratos does not start",
				Suggest: chooseAnswer(h),
				Help:    "write `ignore: true` to notify the receiver, or `parse: true` to let it decide",
			})
		}
	},
}

// chooseAnswer proposes to ignore the response of the sidecar, which is only
// notified, and to wait for any other receiver.
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
