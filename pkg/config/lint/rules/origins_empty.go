package rules

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

var originsEmpty = &lint.Rule{
	ID: "origins-empty", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			v := m.OriginsKey
			if v == nil || v.Unknown() || len(v.Items()) > 0 || !v.Is(kratosconf.List) && !v.Is(kratosconf.Null) {
				continue
			}
			f := finding.Finding{
				Message: fmt.Sprintf("rp.origins of %s is empty: every registration and sign-in fails with HTTP 500", m.Name),
				Help:    "list the origins of your sign-in pages",
			}
			if v.Is(kratosconf.Null) {
				f.Message = fmt.Sprintf("rp.origins of %s is null but must be a list, so Kratos does not start", m.Name)
			}
			if pages := p.PagesOf(m); len(pages) > 0 {
				if list := pageList(p, m); len(list) > 0 {
					f.Suggest = p.Set(m.RPPath()+".origins", "["+strings.Join(list, ", ")+"]")
				}
				f.Help += ", such as " + pages[0].Show()
			}
			p.ReportAt(v, f)
		}
	},
}
