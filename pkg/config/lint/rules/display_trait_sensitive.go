package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var displayTraitSensitive = &lint.Rule{
	ID: "display-trait-sensitive", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		if !p.Passkey.On {
			return
		}
		for _, s := range p.Schemas {
			for _, t := range passkeys.Traits(s.Root) {
				if !t.DisplayName || !isSensitive(t.Name) {
					continue
				}
				p.Report(finding.Finding{
					Span:    t.Value.Place(),
					Message: fmt.Sprintf("trait %q labels passkeys but is sensitive: operating systems show it in account pickers and sync it to other devices", t.Name),
					Help:    "label passkeys with a username or an email address",
				})
			}
		}
	},
}

func isSensitive(name string) bool {
	name = strings.ToLower(name)
	for _, mark := range []string{"ssn", "social_security", "tax", "phone", "mobile", "dob", "birth", "passport", "national_id", "iban"} {
		if strings.Contains(name, mark) {
			return true
		}
	}
	return false
}
