package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestLargeConfiguration lints excessively long lists, which a pull request may
// contain: the time has to grow linearly with their length, not quadratically.
func TestLargeConfiguration(t *testing.T) {
	const n = 20_000
	list := func(format string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(items, ", ")
	}
	lines := func(format string) string {
		return "\n" + strings.ReplaceAll("- "+list(format), ", ", "\n- ")
	}
	indented := func(text, indent string) string { return strings.ReplaceAll(text, "\n", "\n"+indent) }
	for name, text := range map[string]string{
		"one line": `selfservice: {methods: {passkey: {enabled: true, config: {rp: {id: example.com, display_name: E, origins: [` + list(`"https://a%d.example.com"`) + `]}}}}}`,
		"slashes": `selfservice:
  methods:
    passkey:
      enabled: true
      config:
        rp:
          id: example.com
          display_name: E
          origins:` + indented(lines(`"https://a%d.example.com/"`), "            ") + "\n",
		"both methods": `selfservice:
  allowed_return_urls: [` + list(`"https://www.c%d.example.com"`) + `]
  methods:
    passkey: {enabled: true, config: {rp: {id: example.com, display_name: E, origins: [` + list(`"https://c%d.example.com"`) + `]}}}
    webauthn: {enabled: true, config: {passwordless: true, rp: {id: example.com, display_name: E, origins: [` + list(`"https://d%d.example.com"`) + `]}}}
`,
		"cors":     `serve: {public: {base_url: "https://auth.example.com/", cors: {enabled: true, allowed_origins: [` + list(`"https://a%d.example.com"`) + `]}}}` + "\n",
		"the same": `selfservice: {methods: {passkey: {enabled: true, config: {rp: {id: example.com, display_name: E, origins: [` + list(`"https://a.example.com"`+"%.0d") + `]}}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := lint.Check([]*source.File{source.New("kratos.yml", []byte(text))}, lint.Options{}, rules.All())
			require.NoError(t, err)
			require.Less(t, time.Since(began), 20*time.Second)
		})
	}
}
