package rules

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// The client data contains the ASCII form of a host.
var originIDN = &lint.Rule{
	ID: "origin-idn", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *passkeys.Method, o passkeys.Origin) {
			if !o.Known || !o.IsWeb() || strings.IndexFunc(o.Host, func(r rune) bool { return r > unicode.MaxASCII && !invisible(r) }) < 0 {
				return
			}
			p.ReportAt(o.Value, finding.Finding{
				Message: fmt.Sprintf("origin %q has non-ASCII letters, which browsers send in punycode, so Kratos rejects every ceremony from there", o.Value.Str),
				Help:    fmt.Sprintf("write %q", o.Trimmed()),
				Fix:     o.Value.Edit(o.Trimmed()),
			})
		})
	},
}
