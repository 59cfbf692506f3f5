package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// rp has no additionalProperties: false in Kratos' schema, so misspelt keys are
// silently ignored.
var rpUnknownKey = &lint.Rule{
	ID: "rp-unknown-key", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			for _, f := range m.RP.Fields() {
				if !slices.Contains(rpKeys(m), f.Name) && !passkeys.TemplateLeft(f.Name) {
					reportRPKey(p, m, f)
				}
			}
		}
	},
}

func rpKeys(m *passkeys.Method) []string {
	keys := []string{"display_name", "id", "origins"}
	if m.Name == "webauthn" {
		keys = append(keys, "icon", "origin")
	}
	return keys
}

func reportRPKey(p *lint.Pass, m *passkeys.Method, f kratosconf.Field) {
	found := finding.Finding{
		Span:    f.Value.Key,
		Message: fmt.Sprintf("rp of %s has no key %q, so Kratos ignores it", m.Name, f.Name),
		Help:    "remove it",
		Fix:     p.RemoveField(f.Value),
	}
	meant := meantKey(f.Name)
	if meant != "" && m.RP.Get(meant) == nil {
		found.Severity = finding.Error
		found.Help = fmt.Sprintf("write %q", meant)
		found.Fix = nil
		if f.Value.Is(kratosconf.List) == (meant == "origins") && !f.Value.Shared && f.Value.Env == "" && f.Value.Key.End > f.Value.Key.Start {
			found.Fix = []source.Edit{{Span: f.Value.Key, New: meant}}
		}
		if meant == "origins" && f.Value.Is(kratosconf.String) {
			found.Help = fmt.Sprintf("write it as a list under \"origins\": [%q]", f.Value.Str)
		}
	}
	p.Report(found)
}

// meantKey returns the key that a misspelt one probably means, or "".
func meantKey(name string) string {
	plain := strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
	switch plain {
	case "id", "rpid", "ids", "idd", "domain":
		return "id"
	case "origin", "origins", "orgins", "rporigins", "rporigin", "allowedorigins":
		return "origins"
	case "displayname", "name", "rpname", "displayedname", "dispalyname":
		return "display_name"
	}
	return ""
}
