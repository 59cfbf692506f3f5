package rules

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// configx/koanf_env.go: encoding/csv, which keeps spaces.
var envCSVSpace = &lint.Rule{
	ID: "env-csv-space", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, v := range p.Env {
			if !v.IsList() || !strings.HasSuffix(v.Path(), ".rp.origins") || json.Valid([]byte(v.Value)) {
				continue
			}
			var parts []string
			spaced := false
			for part := range strings.SplitSeq(v.Value, ",") {
				spaced = spaced || strings.TrimSpace(part) != part
				parts = append(parts, fmt.Sprintf("%q", strings.TrimSpace(part)))
			}
			if spaced {
				p.Report(finding.Finding{
					Span:    v.Span,
					Message: fmt.Sprintf("%s is a comma-separated list with spaces; they become part of the origins, which then match nothing", v.Name),
					Help:    fmt.Sprintf("set %s=[%s]", v.Name, strings.Join(parts, ",")),
				})
			}
		}
	},
}
