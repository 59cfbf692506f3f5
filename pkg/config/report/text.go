package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Text writes each finding as file:line:column: severity: message [rule], the
// line that it is about with a caret, the help and further places.
func Text(w io.Writer, findings []finding.Finding) error { return Look{}.Text(w, findings) }

// Text is the function Text with this look.
func (l Look) Text(w io.Writer, findings []finding.Finding) error {
	b := bufio.NewWriter(w)
	for i, f := range findings {
		if i > 0 {
			_ = b.WriteByte('\n') // Flush reports the error
		}
		place, severity := safetext.Visible(f.Span.String())+": ", f.Severity.String()
		head := l.Wrap("", 4, fmt.Sprintf("%s%s: %s [%s]", place, severity, safetext.Visible(f.Message), f.Rule))
		if rest, ok := strings.CutPrefix(head, place+severity); ok {
			head = place + l.Paint(f.Severity, severity) + rest
		}
		_, _ = fmt.Fprintln(b, head)
		excerpt(b, f.Span, func(s string) string { return l.Paint(f.Severity, s) })
		if f.Help != "" {
			_, _ = fmt.Fprintln(b, l.Wrap("  help: ", 8, safetext.Visible(f.Help)))
		}
		for _, n := range f.Notes {
			_, _ = fmt.Fprintln(b, l.Wrap("  note: ", 8, safetext.Visible(n.Span.String()+": "+n.Message)))
		}
	}
	return b.Flush()
}

// maxExcerpt bounds the characters of a line that are shown, for a terminal of 80
// columns.
const maxExcerpt = 72

// excerpt shows the line of a span and marks the span in it.
func excerpt(b *bufio.Writer, span source.Span, paint func(string) string) {
	if span.File == nil || span.File.Foreign {
		return
	}
	at := span.Position()
	text, start := span.Around()
	line := []rune(text)
	start = min(start, len(line))
	width := max(1, utf8.RuneCountInString(strings.SplitN(span.Text(), "\n", 2)[0]))
	if len(line) > maxExcerpt {
		from := 0
		if start+width > maxExcerpt {
			from = max(0, min(start-maxExcerpt/4, len(line)-maxExcerpt))
		}
		line, start = cut(line, from), start-from
	}
	width = max(1, min(width, len(line)-start))
	number := fmt.Sprint(at.Line)
	_, _ = fmt.Fprintf(b, "  %s | %s\n", number, strings.TrimRight(safetext.Excerpt(line), " "))
	_, _ = fmt.Fprintf(b, "  %s | %s%s\n", strings.Repeat(" ", len(number)), strings.Repeat(" ", start), paint("^"+strings.Repeat("~", width-1)))
}

// cut returns the part of a line that is shown, with … in place of the rest.
func cut(line []rune, from int) []rune {
	part := slices.Clone(line[from : from+maxExcerpt])
	if from > 0 {
		part[0] = '…'
	}
	if from+maxExcerpt < len(line) {
		part[maxExcerpt-1] = '…'
	}
	return part
}
