package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// YAML 1.2 has only true and false; yaml.v3 reads yes, on and "true" as
// strings.
var yamlBoolString = &lint.Rule{
	ID: "yaml-bool-string", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, path := range boolPaths(p) {
			v := p.Get(path)
			if !v.Is(kratosconf.String) || v.Unknown() || v.Env != "" {
				continue
			}
			f := finding.Finding{
				Message: fmt.Sprintf("%s is the string %q but must be a boolean, so Kratos does not start", path, v.Str),
				Help:    "write true or false, without quotes",
			}
			if b, ok := meantBool(v.Str); ok {
				f.Help = "write " + b
				f.Fix = v.Replace(b)
			}
			p.ReportAt(v, f)
		}
	},
}

// boolPaths returns the booleans that decide what users can do.
func boolPaths(p *lint.Pass) []string {
	paths := []string{
		"selfservice.methods.webauthn.config.passwordless", "selfservice.methods.code.passwordless_enabled",
		"selfservice.methods.code.mfa_enabled", "selfservice.flows.registration.enabled", "selfservice.flows.recovery.enabled",
		"selfservice.flows.verification.enabled", "selfservice.flows.registration.enable_legacy_one_step", "serve.public.cors.enabled",
		"security.account_enumeration.mitigate", "log.leak_sensitive_values",
	}
	for _, m := range p.Get("selfservice.methods").Fields() {
		paths = append(paths, "selfservice.methods."+m.Name+".enabled")
	}
	return paths
}

func meantBool(text string) (string, bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "on", "y", "1":
		return "true", true
	case "false", "no", "off", "n", "0":
		return "false", true
	}
	return "", false
}
