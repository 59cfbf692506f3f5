package report

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Columns is how wide text for people is.
const Columns = 80

// Paragraph writes a text behind a label, broken at blanks; lines after the
// first begin at the margin. What would write to the terminal is left out.
func Paragraph(w io.StringWriter, label string, margin int, text string) {
	line := label + strings.Repeat(" ", max(0, margin-utf8.RuneCountInString(label)))
	start := true
	for _, word := range strings.Fields(printable(text)) {
		if !start && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > Columns {
			_, _ = w.WriteString(strings.TrimRight(line, " ") + "\n") // whoever flushes reports the error
			line, start = strings.Repeat(" ", margin), true
		}
		if !start {
			line += " "
		}
		line, start = line+word, false
	}
	if !start {
		_, _ = w.WriteString(line + "\n")
	}
}

// printable is text for a paragraph: what a reader does not see separates words.
func printable(text string) string {
	return disarm(escape(text, func(rune) string { return " " }))
}
