package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Text writes each finding as file:line:column: severity: message [rule], the
// line that it is about with a caret, the help and further places.
func Text(w io.Writer, findings []lint.Finding) error {
	return text(w, findings, func(_ lint.Severity, s string) string { return s })
}

// ColorText is Text for a terminal: severities and carets have a colour.
func ColorText(w io.Writer, findings []lint.Finding) error {
	return text(w, findings, func(severity lint.Severity, s string) string {
		code := map[lint.Severity]string{lint.Error: "31", lint.Warning: "33", lint.Info: "36"}[severity]
		return "\x1b[1;" + code + "m" + s + "\x1b[0m"
	})
}

func text(w io.Writer, findings []lint.Finding, paint func(lint.Severity, string) string) error {
	b := bufio.NewWriter(w)
	for i, f := range findings {
		if i > 0 {
			_ = b.WriteByte('\n') // Flush reports the error
		}
		_, _ = fmt.Fprintf(b, "%s: %s: %s [%s]\n", f.Span, paint(f.Severity, f.Severity.String()), f.Message, f.Rule)
		excerpt(b, f.Span, func(s string) string { return paint(f.Severity, s) })
		if f.Help != "" {
			_, _ = fmt.Fprintf(b, "  help: %s\n", f.Help)
		}
		for _, n := range f.Notes {
			_, _ = fmt.Fprintf(b, "  note: %s: %s\n", n.Span, n.Message)
		}
	}
	return b.Flush()
}

// maxExcerpt bounds the characters of a line that are shown.
const maxExcerpt = 160

// excerpt shows the line of a span and marks the span in it.
func excerpt(b *bufio.Writer, span source.Span, paint func(string) string) {
	if span.File == nil {
		return
	}
	at := span.Position()
	line := []rune(span.File.Line(at.Line))
	start := min(at.Column-1, len(line))
	width := max(1, utf8.RuneCountInString(strings.SplitN(span.Text(), "\n", 2)[0]))
	if len(line) > maxExcerpt {
		from := max(0, min(start-maxExcerpt/2, len(line)-maxExcerpt))
		line, start = line[from:from+maxExcerpt], start-from
	}
	width = max(1, min(width, len(line)-start))
	number := fmt.Sprint(at.Line)
	_, _ = fmt.Fprintf(b, "  %s | %s\n", number, strings.TrimRight(visible(line), " "))
	_, _ = fmt.Fprintf(b, "  %s | %s%s\n", strings.Repeat(" ", len(number)), strings.Repeat(" ", start), paint("^"+strings.Repeat("~", width-1)))
}

// visible shows control characters as spaces, so that a file cannot write to
// the terminal.
func visible(line []rune) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, string(line))
}
