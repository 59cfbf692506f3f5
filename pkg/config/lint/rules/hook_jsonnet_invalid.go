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

// request/builder.go at v1.3.1; run: "got empty template path", "jsonnetsecure:
// ERROR", both after the identity is saved where the answer is waited for.
var hookJsonnetInvalid = &lint.Rule{
	ID: "hook-jsonnet-invalid", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			body := h.Config().Get("body")
			method := strings.ToUpper(h.Config().Get("method").Text())
			if body == nil && h.Config() != nil && slices.Contains([]string{"POST", "PUT", "PATCH"}, method) {
				p.ReportAt(h.Key("method"), finding.Finding{
					Message: fmt.Sprintf("a hook with method %s has no body: %s", method, consequence(h)),
					Help:    "write a body, such as base64:// and a Jsonnet function of ctx",
				})
			}
			sent := p.Payload(h)
			if sent.Outside {
				p.ReportAt(body, finding.Finding{
					Severity: finding.Info,
					Message:  fmt.Sprintf("the body was not found beside the configuration, and %q is outside of the repository and not read, so it is not checked", body.Text()),
					Help:     "keep it in the repository, or read it with --allow-outside",
				})
			}
			if errors.Is(sent.Err, hookbody.ErrNotEvaluated) {
				p.ReportAt(body, finding.Finding{
					Severity: finding.Warning,
					Message:  "the body is not checked: the bodies of other hooks took too long to evaluate, or there are too many",
					Help:     "fix the hooks that take too long",
				})
			}
			if errors.Is(sent.Err, hookbody.ErrTimeout) {
				p.ReportAt(body, finding.Finding{
					Message: "the body does not end within a second, after which Kratos gives up: " + consequence(h),
					Help:    "let it read fields of ctx, and compute nothing",
				})
			}
			var err *hookbody.Error
			if !errors.As(sent.Err, &err) || !err.Static {
				continue
			}
			p.ReportAt(body, finding.Finding{
				Message: fmt.Sprintf("the body is no valid Jsonnet (%v): %s", err, consequence(h)),
				Help:    "mend the file; it is a function of ctx",
			})
		}
	},
}

// consequence of a request that Kratos cannot build. Run on v1.3.1: with
// response.ignore people do not notice, and neither does anybody else.
func consequence(h passkeys.Hook) string {
	if h.Ignored() {
		return "Kratos never sends it, and only its log says so"
	}
	return "the flow fails with a 500"
}
