package report

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// Columns is the width of text for terminals.
const Columns = 80

// Paragraph writes a text after a label, broken at spaces; lines after the
// first are indented by margin. It removes control characters.
func Paragraph(w io.StringWriter, label string, margin int, text string) {
	text = strings.Join(strings.Fields(safetext.Words(text)), " ")
	if text == "" {
		return
	}
	label += strings.Repeat(" ", max(0, margin-utf8.RuneCountInString(label)))
	_, _ = w.WriteString(Wrap(label, margin, text) + "\n") // the caller's Flush reports the error
}

// Wrap breaks a text only at spaces, so that rule ids, URLs and flags stay
// whole; libraries also break at hyphens. The first line starts with the label,
// the others with margin spaces. No line is wider than Columns unless a word
// is.
func Wrap(label string, margin int, text string) string {
	var b strings.Builder
	b.WriteString(label)
	column := utf8.RuneCountInString(label)
	for i, word := range strings.Split(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column > margin && column+1+n > Columns:
			b.WriteString("\n" + strings.Repeat(" ", margin))
			column = margin
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
