package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Anyone who knows the secrets can forge session cookies.
var placeholderSecrets = &lint.Rule{
	ID: "placeholder-secrets", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		if len(p.Enabled()) == 0 {
			return
		}
		for _, kind := range p.Get("secrets").Fields() {
			for _, v := range kind.Value.Items() {
				if v.Unknown() || !isPlaceholderSecret(v.Str) {
					continue
				}
				p.ReportAt(v, finding.Finding{
					Severity: p.InProd(finding.Error, finding.Warning),
					Message:  fmt.Sprintf("secrets.%s is still the placeholder of the quickstart, which is public", kind.Name),
					Help:     "generate a random one (openssl rand -hex 16) and keep it out of the repository",
				})
				return
			}
		}
	},
}

func isPlaceholderSecret(text string) bool {
	text = strings.ToUpper(strings.NewReplacer("_", "-", " ", "-").Replace(text))
	for _, mark := range []string{"CHANGE-ME", "CHANGEME", "32-LONG-SECRET", "VERY-INSECURE", "NOT-SECURE"} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}
