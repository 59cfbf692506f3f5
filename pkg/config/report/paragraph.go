package report

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// Columns is how wide text for people is.
const Columns = 80

// Paragraph writes a text behind a label, broken at blanks; lines after the
// first begin at the margin. What would write to the terminal is left out.
func Paragraph(w io.StringWriter, label string, margin int, text string) {
	text = strings.Join(strings.Fields(safetext.Words(text)), " ")
	if text == "" {
		return
	}
	label += strings.Repeat(" ", max(0, margin-utf8.RuneCountInString(label)))
	_, _ = w.WriteString(Wrap(label, margin, text) + "\n") // whoever flushes reports the error
}

// Wrap breaks a text between words, and nowhere else: rule IDs, URLs and flags
// stay whole, which is why no library does it. The first line begins with the
// label, the others with a margin of blanks; none is wider than Columns unless a
// word is.
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
