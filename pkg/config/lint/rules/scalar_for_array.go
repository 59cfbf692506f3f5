package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Kratos' schema requires lists here, and Kratos does not start otherwise.
var scalarForArray = &lint.Rule{
	ID: "scalar-for-array", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		paths := []string{
			"selfservice.methods.passkey.config.rp.origins", "selfservice.methods.webauthn.config.rp.origins",
			"selfservice.allowed_return_urls", "serve.public.cors.allowed_origins", "identity.schemas",
		}
		for _, path := range paths {
			v := p.Get(path)
			if v == nil || v.Is(kratosconf.List) || v.Is(kratosconf.Null) || v.Unknown() || v.Env != "" {
				continue
			}
			f := finding.Finding{
				Message: fmt.Sprintf("%s is of type %s but must be a list, so Kratos does not start", path, v.Kind),
				Help:    "write a list",
			}
			if v.Is(kratosconf.String) && !strings.Contains(v.Str, ",") {
				f.Help = fmt.Sprintf("write [%q]", v.Str)
				f.Fix = v.Replace(fmt.Sprintf("[%q]", v.Str))
			}
			p.ReportAt(v, f)
		}
	},
}
