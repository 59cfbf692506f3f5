package explain

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/report"
)

// WriteJSON writes the answer as JSON.
func (a *Answer) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(a)
}

// WriteText writes the answer as text.
func (a *Answer) WriteText(w io.Writer, look report.Look) error {
	b := bufio.NewWriter(w) // Flush reports its errors
	switch a.Kind {
	case KindRule:
		a.Rule.write(b)
		return b.Flush()
	case KindUnknown:
		look.Paragraph(b, "", 0, "no explanation found for this text")
		for _, hint := range []string{
			"check Kratos' log at that time (error_devinfo) and the browser's console",
			"pass the exact message, the clientDataJSON or the result of credential.toJSON()",
			"oly-passkey lint -c kratos.yml finds most causes without an error message",
		} {
			look.Paragraph(b, "", 2, hint)
		}
		return b.Flush()
	default:
	}
	for _, f := range a.Facts {
		look.Paragraph(b, f.Name+": ", 16, f.Value)
	}
	for i, e := range a.Found {
		if i > 0 || len(a.Facts) > 0 {
			_ = b.WriteByte('\n')
		}
		e.write(b, a.Config, look)
	}
	if len(a.Found) == 0 {
		_, _ = b.WriteString("\nno problem found\n")
		if a.Config == "" {
			_, _ = b.WriteString("  use -c kratos.yml to compare it with the configuration\n")
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

func (e *Explained) write(b *bufio.Writer, config string, look report.Look) {
	look.Paragraph(b, "", 0, e.Title+" ["+e.ID+"]")
	look.Paragraph(b, "reported by: ", 13, e.From)
	proved := false
	for i, c := range e.Causes {
		_ = b.WriteByte('\n')
		look.Paragraph(b, fmt.Sprintf("%d. ", i+1), 3, c.Because+" ["+c.ID+"]")
		for _, p := range c.Proof {
			proved = true
			look.Labeled(b, look.Good, "   confirmed: ", 10, p)
		}
		look.Paragraph(b, "   check: ", 10, c.Tell)
		look.Paragraph(b, "   fix:   ", 10, c.Fix)
		look.Paragraph(b, "   rules: ", 10, strings.Join(c.Rules, ", "))
	}
	if config != "" && !proved {
		_ = b.WriteByte('\n')
		look.Paragraph(b, "", 0, config+" confirms none of these; the cause is in the deployment or the page")
	}
	_ = b.WriteByte('\n')
	look.Paragraph(b, "source: ", 8, e.Source)
}
