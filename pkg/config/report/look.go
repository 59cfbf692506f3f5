package report

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// Look is how text output is laid out. The zero Look is for files and pipes.
type Look struct {
	Columns int  // width at which text is wrapped, 0 for no wrapping
	Color   bool // of severities
}

// Paint colors a text by severity.
func (l Look) Paint(severity finding.Severity, s string) string {
	code := map[finding.Severity]string{finding.Error: "31", finding.Warning: "33", finding.Info: "36"}[severity]
	return l.paint(code, s)
}

// Good colors a text as good news.
func (l Look) Good(s string) string { return l.paint("32", s) }

func (l Look) paint(code, s string) string {
	if !l.Color || code == "" {
		return s
	}
	return "\x1b[1;" + code + "m" + s + "\x1b[0m"
}

// Paragraph writes a text after a label. Lines after the first start at the margin.
// Control characters are removed.
func (l Look) Paragraph(w io.StringWriter, label string, margin int, text string) {
	text = strings.Join(strings.Fields(safetext.Words(text)), " ")
	if text == "" {
		return
	}
	label += strings.Repeat(" ", max(0, margin-utf8.RuneCountInString(label)))
	_, _ = w.WriteString(l.Wrap(label, margin, text) + "\n") // the caller's Flush reports the error
}

// Labeled is Paragraph with a colored label.
func (l Look) Labeled(w io.StringWriter, color func(string) string, label string, margin int, text string) {
	var b strings.Builder
	l.Paragraph(&b, label, margin, text)
	if rest, ok := strings.CutPrefix(b.String(), label); ok {
		_, _ = w.WriteString(color(label) + rest) // the caller's Flush reports the error
	}
}

// Wrap breaks a text between words only: rule ids, URLs and flags stay whole, which
// is why no library does it. The first line starts with the label, the others with
// a margin of blanks. A line is only wider than Columns if a word is.
func (l Look) Wrap(label string, margin int, text string) string {
	if l.Columns == 0 {
		return label + text
	}
	var b strings.Builder
	b.WriteString(label)
	column := utf8.RuneCountInString(label)
	for i, word := range strings.Split(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column > margin && column+1+n > l.Columns:
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
