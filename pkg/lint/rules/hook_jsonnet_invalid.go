package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// request/builder.go at v1.3.1; run: "got empty template path", "jsonnetsecure:
// ERROR", both after the identity is saved.
var hookJsonnetInvalid = &lint.Rule{
	ID: "hook-jsonnet-invalid", Severity: lint.Error,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			body := h.Config().Get("body")
			method := strings.ToUpper(h.Config().Get("method").Text())
			if body == nil && h.Config() != nil && slices.Contains([]string{"POST", "PUT", "PATCH"}, method) {
				p.ReportAt(h.Key("method"), lint.Finding{
					Message: fmt.Sprintf("a hook with method %s has no body: the flow answers 500 after the identity is saved", method),
					Help:    "write a body, such as base64:// and a Jsonnet function of ctx",
				})
			}
			sent := p.Sent(h)
			if errors.Is(sent.Err, hookbody.ErrTimeout) {
				p.ReportAt(body, lint.Finding{
					Message: "the body does not end within a second, after which Kratos gives up: the flow answers 500",
					Help:    "let it read fields of ctx, and compute nothing",
				})
			}
			var err *hookbody.Error
			if !errors.As(sent.Err, &err) || !err.Static {
				continue
			}
			p.ReportAt(body, lint.Finding{
				Message: fmt.Sprintf("the body is no valid Jsonnet (%v): the flow answers 500", err),
				Help:    "mend the file; it is a function of ctx",
			})
		}
	},
}
