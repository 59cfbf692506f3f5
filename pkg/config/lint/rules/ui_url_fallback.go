package rules

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Kratos then redirects users to https://www.ory.sh/kratos/docs/fallback/….
var uiURLFallback = &lint.Rule{
	ID: "ui-url-fallback", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			const consequence = "ceremonies would run on a page of ory.sh, where browsers reject your rp.id"
			reportNoPage(p, "login", p.InProd(finding.Error, finding.Warning), consequence)
			if p.SignUpOpen(m) {
				// Many sites without sign-up have no page for it.
				reportNoPage(p, "registration", finding.Info, consequence)
			}
		}
	},
}

// reportNoPage reports a flow without a ui_url if other flows have one. If none
// has, the environment probably sets them.
func reportNoPage(p *lint.Pass, flow string, severity finding.Severity, consequence string) {
	all := p.Get("selfservice.flows")
	others := false
	for _, f := range all.Fields() {
		others = others || f.Value.Get("ui_url").Exists()
	}
	block := all.Get(flow)
	if !others || p.Incomplete() || block.Get("ui_url").Exists() || block.Unknown() {
		return
	}
	p.Report(finding.Finding{
		Span:     p.Near("selfservice.flows." + flow + ".ui_url"),
		Severity: severity,
		Message:  fmt.Sprintf("the %s flow has no ui_url: %s", flow, consequence),
		Help:     fmt.Sprintf("set selfservice.flows.%s.ui_url to your own page", flow),
	})
}
