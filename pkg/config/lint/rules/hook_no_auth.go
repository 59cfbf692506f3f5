package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Some receivers take a key in their own header instead of auth (api_key or
// basic_auth).
var hookNoAuth = &lint.Rule{
	ID: "hook-no-auth", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, h := range p.WebHooks() {
			if h.Config() == nil || h.Config().Get("auth").Exists() || h.Config().Unknown() || hasAuthHeader(h) {
				continue
			}
			p.ReportAt(h.Key("url"), finding.Finding{
				Message: fmt.Sprintf("the hook to %q is not authenticated: anyone who can reach this URL can forge it", h.Config().Get("url").Text()),
				Suggest: authenticated(p, h),
				Help:    "add auth: {type: api_key, config: {in: header, name: Authorization, value: set-by-environment}}",
			})
		}
	},
}

func hasAuthHeader(h passkeys.Hook) bool {
	for _, f := range h.Config().Get("headers").Fields() {
		name := strings.ToLower(f.Name)
		for _, mark := range []string{"auth", "key", "token", "secret"} {
			if strings.Contains(name, mark) {
				return true
			}
		}
	}
	return false
}

// authenticated proposes a key at index 0, the only element that an environment
// variable can set.
func authenticated(p *lint.Pass, h passkeys.Hook) []source.Edit {
	if h.Index > 0 {
		return nil
	}
	return p.InsertPath(fmt.Sprintf("selfservice.flows.%s.0.config", h.List.Path),
		"auth: {type: api_key, config: {in: header, name: Authorization, value: set-by-environment}}")
}
