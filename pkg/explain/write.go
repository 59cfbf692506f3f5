package explain

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
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
	b := bufio.NewWriter(w)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(b, format+"\n", args...) } // Flush reports the error
	switch a.Kind {
	case KindRule:
		a.Rule.write(line)
		return b.Flush()
	case KindUnknown:
		line("nothing is known about this")
		line("  look at what Kratos logged at that moment (error_devinfo), and at the browser's console")
		line("  give this command the exact text, the clientDataJSON or credential.toJSON()")
		line("  oly-passkey lint -c kratos.yml finds most causes without an error message")
		return b.Flush()
	default:
	}
	for _, f := range a.Facts {
		line("%-15s %s", f.Name+":", f.Value)
	}
	for i, e := range a.Found {
		if i > 0 || len(a.Facts) > 0 {
			line("")
		}
		e.write(line, a.Config)
	}
	if len(a.Found) == 0 {
		line("\nnothing is wrong with it by itself")
		if a.Config == "" {
			line("  with -c kratos.yml it is held against the configuration")
		}
	}
	return b.Flush()
}

func (r *Rule) write(line func(string, ...any)) {
	line("%s", r.ID)
	line("")
	line("%s", r.Prose)
	for _, f := range r.Example {
		name := f.Name + ":"
		if f.Name == "want" {
			name = "lint says:"
		}
		line("\n%s", name)
		for l := range strings.Lines(f.Text) {
			line("    %s", strings.TrimRight(l, "\n"))
		}
	}
}

func (e *Explained) write(line func(string, ...any), config string) {
	line("%s [%s]", e.Title, e.ID)
	line("said by: %s", e.From)
	proved := false
	for i, c := range e.Causes {
		line("")
		line("%d. %s [%s]", i+1, c.Because, c.ID)
		for _, p := range c.Proof {
			proved = true
			line("   this is it: %s", p)
		}
		line("   tell: %s", c.Tell)
		line("   fix:  %s", c.Fix)
		if len(c.Rules) > 0 {
			line("   lint: %s", strings.Join(c.Rules, ", "))
		}
	}
	if config != "" && !proved {
		line("\n%s shows none of these by itself: the cause lies in the deployment or the page", config)
	}
	line("\nsource: %s", e.Source)
}
