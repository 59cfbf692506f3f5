package report_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/finding"
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
		report.Look{Columns: 80}.Paragraph(&b, c.label, c.margin, c.text)
		require.Equal(t, c.want, b.String())
	}
}

// TestLook: a pipe gets whole lines without colors, and coloring changes no layout.
func TestLook(t *testing.T) {
	long := strings.Repeat("word ", 40) + "end"
	var b strings.Builder
	report.Look{}.Paragraph(&b, "fix:", 6, long)
	require.Equal(t, "fix:  "+long+"\n", b.String())
	var plain, color strings.Builder
	report.Look{Columns: 40}.Labeled(&plain, report.Look{}.Good, "ok", 4, long)
	look := report.Look{Columns: 40, Color: true}
	look.Labeled(&color, look.Good, "ok", 4, long)
	for line := range strings.Lines(plain.String()) {
		require.LessOrEqual(t, len(line), 41)
	}
	require.Equal(t, "\x1b[1;32mok\x1b[0m"+strings.TrimPrefix(plain.String(), "ok"), color.String())
	require.Equal(t, "\x1b[1;31mx\x1b[0m", look.Paint(finding.Error, "x"))
	require.Equal(t, "x", report.Look{Columns: 40}.Paint(finding.Error, "x"))
}
