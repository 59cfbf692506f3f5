package explain

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/report"
)

// WriteJSON writes the answer for programs.
func (a *Answer) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(a)
}

// WriteText writes the answer for people.
func (a *Answer) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w) // Flush reports its errors
	switch a.Kind {
	case KindRule:
		a.Rule.write(b)
		return b.Flush()
	case KindUnknown:
		report.Paragraph(b, "", 0, "nothing is known about this")
		for _, hint := range []string{
			"look at what Kratos logged at that moment (error_devinfo), and at the browser's console",
			"give this command the exact text, the clientDataJSON or credential.toJSON()",
			"oly-passkey lint -c kratos.yml finds most causes without an error message",
		} {
			report.Paragraph(b, "", 2, hint)
		}
		return b.Flush()
	default:
	}
	for _, f := range a.Facts {
		report.Paragraph(b, f.Name+": ", 16, f.Value)
	}
	for i, e := range a.Found {
		if i > 0 || len(a.Facts) > 0 {
			_ = b.WriteByte('\n')
		}
		e.write(b, a.Config)
	}
	if len(a.Found) == 0 {
		_, _ = b.WriteString("\nnothing is wrong with it by itself\n")
		if a.Config == "" {
			_, _ = b.WriteString("  with -c kratos.yml it is held against the configuration\n")
		}
	}
	return b.Flush()
}

func (r *Rule) write(b *bufio.Writer) {
	_, _ = fmt.Fprintf(b, "%s\n\n%s\n", r.ID, r.Prose)
	for _, f := range r.Example {
		name := f.Name + ":"
		if f.Name == "want" {
			name = "lint says:"
		}
		_, _ = fmt.Fprintf(b, "\n%s\n", name)
		for l := range strings.Lines(f.Text) {
			_, _ = fmt.Fprintf(b, "    %s\n", strings.TrimRight(l, "\n"))
		}
	}
}

func (e *Explained) write(b *bufio.Writer, config string) {
	report.Paragraph(b, "", 0, e.Title+" ["+e.ID+"]")
	report.Paragraph(b, "said by: ", 9, e.From)
	proved := false
	for i, c := range e.Causes {
		_ = b.WriteByte('\n')
		report.Paragraph(b, fmt.Sprintf("%d. ", i+1), 3, c.Because+" ["+c.ID+"]")
		for _, p := range c.Proof {
			proved = true
			report.Paragraph(b, "   this is it: ", 9, p)
		}
		report.Paragraph(b, "   tell: ", 9, c.Tell)
		report.Paragraph(b, "   fix:  ", 9, c.Fix)
		report.Paragraph(b, "   lint: ", 9, strings.Join(c.Rules, ", "))
	}
	if config != "" && !proved {
		_ = b.WriteByte('\n')
		report.Paragraph(b, "", 0, config+" shows none of these by itself: the cause lies in the deployment or the page")
	}
	_ = b.WriteByte('\n')
	report.Paragraph(b, "source: ", 8, e.Source)
}
