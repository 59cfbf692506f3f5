package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Browsers omit the scheme's default port (HTML, "serialization of an origin"),
// and Kratos compares whole strings.
var originDefaultPort = &lint.Rule{
	ID: "origin-default-port", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *passkeys.Method, o passkeys.Origin) {
			port := map[string]string{"https": ":443", "http": ":80"}[o.Scheme]
			if port == "" || !strings.HasSuffix(o.Host, port) || o.Rest != "" {
				return
			}
			bare := o.Trimmed()
			if !o.Known {
				bare = strings.TrimSuffix(bare, port)
			}
			p.ReportAt(o.Value, finding.Finding{
				Message: fmt.Sprintf("origin %q includes the default port, which browsers omit, so Kratos rejects every ceremony from there", o.Value.Str),
				Help:    fmt.Sprintf("write %q", bare),
				Fix:     o.Value.Edit(bare),
			})
		})
	},
}
