package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

// request/builder.go at v1.3.1; run: "got empty template path", "jsonnetsecure:
// ERROR", both after the identity is saved where the answer is waited for.
var hookJsonnetInvalid = &lint.Rule{
	ID: "hook-jsonnet-invalid", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			body := h.Config().Get("body")
			method := strings.ToUpper(h.Config().Get("method").Text())
			if body == nil && h.Config() != nil && slices.Contains([]string{"POST", "PUT", "PATCH"}, method) {
				p.ReportAt(h.Key("method"), lint.Finding{
					Message: fmt.Sprintf("a hook with method %s has no body: %s", method, consequence(h)),
					Help:    "write a body, such as base64:// and a Jsonnet function of ctx",
				})
			}
			wrongBase64(p, h)
			sent := p.Sent(h)
			if sent.Outside {
				p.ReportAt(body, lint.Finding{
					Severity: lint.Info,
					Message:  fmt.Sprintf("the body was not found beside the configuration, and %q is outside of the repository and not read, so it is not checked", body.Text()),
					Help:     "keep it in the repository, or read it with --allow-outside",
				})
			}
			if errors.Is(sent.Err, hookbody.ErrNotEvaluated) {
				p.ReportAt(body, lint.Finding{
					Severity: lint.Warning,
					Message:  "the body is not checked: the bodies of other hooks took too long to evaluate, or there are too many",
					Help:     "fix the hooks that take too long",
				})
			}
			if errors.Is(sent.Err, hookbody.ErrTimeout) {
				p.ReportAt(body, lint.Finding{
					Message: "the body does not end within a second, after which Kratos gives up: " + consequence(h),
					Help:    "let it read fields of ctx, and compute nothing",
				})
			}
			var err *hookbody.Error
			if !errors.As(sent.Err, &err) || !err.Static {
				continue
			}
			p.ReportAt(body, lint.Finding{
				Message: fmt.Sprintf("the body is no valid Jsonnet (%v): %s", err, consequence(h)),
				Help:    "mend the file; it is a function of ctx",
			})
		}
	},
}

// consequence of a request that Kratos cannot build. Run on v1.3.1: with
// response.ignore people do not notice, and neither does anybody else.
func consequence(h lint.Hook) string {
	if h.Ignored() {
		return "Kratos never sends it, and only its log says so"
	}
	return "the flow fails with a 500"
}
