package explain

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is where messages are seen: the where of the table, and its heading in
// the document.
type place struct{ where, heading, about string }

// places lists them in the order of the document.
func places() []place {
	return []place{
		{"people", "What people tell", "There is no text, or none that says more."},
		{"browser", "In the browser", "On the page or in its console (F12): errors of `navigator.credentials`, of extensions and of libraries."},
		{"apps", "In an app on Android or iOS", "In the device's log, or in what the app's library passes on."},
		{"kratos", "In Kratos' answers and log, at a ceremony", "Messages of a flow, errors, and `error_devinfo` in the log."},
		{"start", "When Kratos starts", "Kratos ends with exit code 1 and these words, or does not get ready."},
		{"hooks", "At a web hook", "In what people see at the end of a flow with hooks, and in Kratos' log."},
		{"operation", "At the admin API, and in operation", ""},
		{"sidecar", "From the sidecar", "Problems as RFC 9457 has them: [all of them, with their fields](problems.md)."},
	}
}

// WriteDocument writes everything that is known as Markdown: messages by the
// place where they are seen, then each cause once.
func (t *Table) WriteDocument(w io.Writer) error {
	b := &strings.Builder{}
	line := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	line("# Troubleshooting")
	line("")
	line("<!-- Written from pkg/explain/table: go test ./pkg/explain -run Document -update -->")
	line("")
	line("What people see when passkeys do not work, and why. `oly-passkey explain` finds the entry for a text, a code or a")
	line("credential, and with `-c kratos.yml` says which of the causes it is:")
	line("")
	line("```sh")
	line("oly-passkey explain \"Error validating origin\"")
	line("echo 50152 | oly-passkey explain")
	line("```")
	line("")
	line("Nothing to go by? `oly-passkey doctor URL` visits the page as a browser does, and `--ceremony` signs up there.")
	line("")
	for _, p := range places() {
		line("- [%s](#%s)", p.heading, anchor(p.heading))
	}
	line("- [Causes and cures](#causes-and-cures)")
	for _, p := range places() {
		line("\n## %s", p.heading)
		if p.about != "" {
			line("\n%s", p.about)
		}
		for _, m := range t.Messages {
			if m.Where == p.where {
				t.writeMessage(line, m)
			}
		}
	}
	line("\n## Causes and cures")
	for _, id := range t.inOrder() {
		t.Causes[id].writeDocument(line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) writeMessage(line func(string, ...any), m Message) {
	line("\n### %s", m.ID)
	if m.From == m.Where {
		line("\n**%s.**", capital(m.Title))
	} else {
		line("\n**%s.** Said by %s.", capital(m.Title), m.From)
	}
	var quoted []string
	for _, pattern := range m.Match {
		quoted = append(quoted, code(strings.ReplaceAll(strings.TrimLeft(pattern, "=~"), "*", "…")))
	}
	line("\n%s", strings.Join(quoted, " · "))
	line("")
	for i, id := range m.Causes {
		line("%d. [%s](#cause-%s)", i+1, capital(text(t.Causes[id].Because)), id)
	}
}

func (c Cause) writeDocument(line func(string, ...any)) {
	line("\n### Cause: %s", c.ID)
	line("\n**%s.**", capital(text(c.Because)))
	line("\n- *How to tell:* %s.", text(c.Tell))
	line("- *What to do:* %s.", text(c.Fix))
	if len(c.Rules) > 0 {
		var links []string
		for _, r := range c.Rules {
			links = append(links, fmt.Sprintf("[%s](rules.md#%s)", r, r))
		}
		line("- *Found by lint:* %s", strings.Join(links, ", "))
	}
	line("- *Source:* %s", text(c.Source))
}

// inOrder lists the causes as they come up.
func (t *Table) inOrder() []string {
	var out []string
	seen := make(map[string]bool)
	for _, p := range places() {
		for _, m := range t.Messages {
			for _, id := range m.Causes {
				if m.Where == p.where && !seen[id] {
					seen[id] = true
					out = append(out, id)
				}
			}
		}
	}
	return out
}

// anchor is what a heading's link is made of, as GitHub makes it.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// code quotes a text that may hold back quotes.
func code(s string) string {
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}

// text keeps Markdown from reading more into a text; code in it stays code.
func text(s string) string {
	parts := strings.Split(s, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.NewReplacer("<", "&lt;", "*", `\*`, "_", `\_`, "[", `\[`).Replace(parts[i])
	}
	return strings.Join(parts, "`")
}
