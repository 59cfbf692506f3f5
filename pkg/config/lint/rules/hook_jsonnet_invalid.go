package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// request/builder.go at v1.3.1. Measured: "got empty template path" and
// "jsonnetsecure: ERROR", both after the identity is saved if Kratos waits for
// the response.
var hookJsonnetInvalid = &lint.Rule{
	ID: "hook-jsonnet-invalid", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			body := h.Config().Get("body")
			method := strings.ToUpper(h.Config().Get("method").Text())
			if body == nil && h.Config() != nil && slices.Contains([]string{"POST", "PUT", "PATCH"}, method) {
				p.ReportAt(h.Key("method"), finding.Finding{
					Message: fmt.Sprintf("a hook with method %s has no body: %s", method, consequence(h)),
					Help:    "add a body, such as base64:// followed by a Jsonnet function of ctx in base64",
				})
			}
			wrongBase64(p, h)
			sent := p.Payload(h)
			if sent.Outside {
				p.ReportAt(body, finding.Finding{
					Severity: finding.Info,
					Message:  fmt.Sprintf("the body was not found next to the configuration, and %q is outside the repository and was not read, so it is not checked", body.Text()),
					Help:     "keep it in the repository, or allow reading it with --allow-outside",
				})
			}
			if errors.Is(sent.Err, hookbody.ErrNotEvaluated) {
				p.ReportAt(body, finding.Finding{
					Severity: finding.Warning,
					Message:  "the body is not checked: other hooks' bodies took too long to evaluate, or there are too many",
					Help:     "simplify the bodies that take too long",
				})
			}
			if errors.Is(sent.Err, hookbody.ErrTimeout) {
				p.ReportAt(body, finding.Finding{
					Message: "the body takes longer than the second that Kratos allows: " + consequence(h),
					Help:    "only read fields of ctx in it, without computing anything",
				})
			}
			var err *hookbody.Error
			if !errors.As(sent.Err, &err) || !err.Static {
				continue
			}
			p.ReportAt(body, finding.Finding{
				Message: fmt.Sprintf("the body is not valid Jsonnet (%v): %s", err, consequence(h)),
				Help:    "fix the file; it must be a function of ctx",
			})
		}
	},
}

// consequence says what happens if Kratos cannot build the request. Measured on
// v1.3.1: with response.ignore the flow succeeds, and the failure goes
// unnoticed.
func consequence(h passkeys.Hook) string {
	if h.Ignored() {
		return "Kratos never sends the hook, and only its log says so"
	}
	return "the flow fails with HTTP 500"
}
