package safetext_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

func TestURL(t *testing.T) {
	for raw, want := range map[string]string{
		"":                             "",
		"https://example.com/@a?b=c@d": "https://example.com/@a?b=c@d",
		"auth.example.com":             "auth.example.com",
		"https://user@example.com":     "https://user@example.com",
		"https://user:pw@example.com":  "https://user:xxxxx@example.com",
		"https://user:p%zz@x.example":  "…@x.example",
		"user:pw@example.com":          "…@example.com",
		"https://user:p w@example.com": "…@example.com",
		"https://user:pw@":             "https://user:xxxxx@",
	} {
		require.Equal(t, want, safetext.URL(raw), raw)
	}
}
