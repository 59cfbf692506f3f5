package report_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/report"
)

func TestParagraph(t *testing.T) {
	const forty = "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"
	for _, c := range []struct {
		label  string
		margin int
		text   string
		want   string
	}{
		{"", 0, "", ""},
		{"fix:", 6, "", ""},
		{"fix:", 6, "one  two\nthree", "fix:  one two three\n"},
		{"1. ", 3, forty + " " + forty + " end", "1. " + forty + "\n   " + forty + " end\n"},
		{"longer than the margin: ", 3, "x", "longer than the margin: x\n"},
		{"", 0, strings.Repeat("é", 79) + " x", strings.Repeat("é", 79) + "\nx\n"},
		{"", 0, strings.Repeat("é", 78) + " x", strings.Repeat("é", 78) + " x\n"},
		{"", 2, forty + forty + forty, "  " + forty + forty + forty + "\n"},
		{"", 0, "a\x1b[31mred\u009bm", "a [31mred m\n"},
	} {
		var b strings.Builder
		report.Paragraph(&b, c.label, c.margin, c.text)
		require.Equal(t, c.want, b.String())
	}
}
