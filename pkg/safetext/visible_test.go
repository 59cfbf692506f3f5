package safetext_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"ünï 🔑 [::1]:443 a::b":      "ünï 🔑 [::1]:443 a::b",
		"a\r\n\tb":                  `a\r\n\tb`,
		"\x1b]0;x\x07\u009b2J\x7f":  `\x1b]0;x\a\u009b2J\x7f`,
		"\u202egnp.exe\u2066\u2028": `\u202egnp.exe\u2066\u2028`,
		"a\xffb":                    "a\uFFFDb",
		"::set-output name=x::y":    `:\x3aset-output name=x::y`,
		"a ::error::b":              `a :\x3aerror::b`,
		"a ##[group]b":              `a #\x23[group]b`,
		"##vso[task.setvariable]x":  `#\x23vso[task.setvariable]x`,
		"##teamcity[x] ## heading":  `#\x23teamcity[x] ## heading`,
	} {
		require.Equal(t, want, safetext.Visible(text))
	}
}
