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

// go-webauthn v0.11.2 rejects an empty name when Kratos creates the options;
// browsers and authenticators may truncate names to 64 bytes (WebAuthn §5.4.1).
var rpDisplayName = &lint.Rule{
	ID: "rp-display-name", Severity: finding.Warning,
	Check: func(p *lint.Pass) {
		for _, m := range p.Enabled() {
			name := m.RP.Get("display_name")
			if !name.Is(kratosconf.String) || name.Unknown() {
				continue
			}
			switch {
			case strings.TrimSpace(name.Str) == "":
				p.ReportAt(name, finding.Finding{
					Severity: finding.Error,
					Message:  "rp.display_name is empty: every registration and sign-in fails with HTTP 500",
					Help:     "write the name of your application, which authenticators show",
					Suggest:  proposeName(p, m),
				})
			case isPlaceholderName(name.Str):
				p.ReportAt(name, finding.Finding{
					Message: fmt.Sprintf("rp.display_name is still %q, which users see when they create a passkey", name.Str),
					Help:    "write the name of your application",
					Suggest: proposeName(p, m),
				})
			case len(name.Str) > 64:
				p.ReportAt(name, finding.Finding{
					Message: fmt.Sprintf("rp.display_name has %d bytes, but authenticators may truncate it to 64", len(name.Str)),
					Help:    "write a shorter name",
					Suggest: name.Edit(shortened(name.Str)),
				})
			}
		}
	},
}

func isPlaceholderName(name string) bool {
	placeholders := []string{"your application name", "ory", "ory foundation", "localhost", "kratos", "todo", "changeme", "change me", "starter", "my app", "my application", "your app"}
	return slices.Contains(placeholders, strings.ToLower(strings.TrimSpace(name)))
}

// proposeName proposes a name derived from the pages' domain.
func proposeName(p *lint.Pass, m *passkeys.Method) []source.Edit {
	if name := p.AppName(m); name != "" && !isPlaceholderName(name) {
		return p.Set(m.RPPath()+".display_name", fmt.Sprintf("%q", name))
	}
	return nil
}

// shortened cuts a name to at most 64 bytes, between words if it has several.
func shortened(name string) string {
	short := name[:64]
	if i := strings.LastIndexByte(short, ' '); i > 0 {
		return strings.TrimRight(short[:i], " ,;:-")
	}
	return strings.ToValidUTF8(short, "")
}
