package explain

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is a section of the document: the value of where in the table, the
// heading, and an introduction.
type place struct{ where, heading, about string }

// places returns the sections in the order of the document.
func places() []place {
	return []place{
		{"users", "What users report", "There is no error message, or only one that does not help."},
		{"browser", "In the browser", "On the page or in its console (F12): errors of `navigator.credentials`, of extensions and of libraries."},
		{"apps", "In an app on Android or iOS", "In the device's log, or in the errors that the app's library passes on."},
		{"kratos", "In Kratos' responses and log during a ceremony", "Messages of a flow, errors, and `error_devinfo` in the log."},
		{"start", "When Kratos starts", "Kratos exits with code 1 and this message, or never becomes ready."},
		{"hooks", "At a web hook", "On the page at the end of a flow with hooks, and in Kratos' log."},
		{"operation", "At the admin API and in operation", ""},
		{"sidecar", "From the sidecar", "Problem details as defined in RFC 9457: [all of them, with their fields](problems.md)."},
	}
}

// WriteDocument writes the table as Markdown: the messages by section, then each
// cause once.
func (t *Table) WriteDocument(w io.Writer) error {
	b := &strings.Builder{}
	line := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	line("# Troubleshooting")
	line("")
	line("<!-- Generated from pkg/config/explain/table: go test ./pkg/config/explain -run Document -update -->")
	line("")
	line("Error messages that users see when passkeys do not work, with their causes. `oly-passkey explain` finds the entry")
	line("for a text, a code or a credential; with `-c kratos.yml` it also finds out which cause applies:")
	line("")
	line("```sh")
	line("oly-passkey explain \"Error validating origin\"")
	line("echo 50152 | oly-passkey explain")
	line("```")
	line("")
	line("No error message? `oly-passkey doctor URL` checks the page as a browser sees it, and `--ceremony` signs up there.")
	line("")
	line("## Index by symptom")
	line("")
	line("| What you see | Entry |")
	line("|---|---|")
	for _, p := range places() {
		line("| **[%s](#%s)** | |", p.heading, anchor(p.heading))
		for _, s := range t.symptoms(p.where) {
			line("| %s | %s |", s.title, strings.Join(s.links, ", "))
		}
	}
	line("")
	line("Each entry lists its causes, most likely first; [causes and fixes](#causes-and-fixes) explains them.")
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
	line("\n## Causes and fixes")
	for _, id := range t.inOrder() {
		t.Causes[id].writeDocument(line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// symptom is a row of the index.
type symptom struct {
	title string
	links []string // to the entries with this title
}

// symptoms returns the titles of a section's messages in the order of their first
// use. Several browsers have a message of the same title.
func (t *Table) symptoms(where string) []symptom {
	var out []symptom
	for _, m := range t.Messages {
		if m.Where != where {
			continue
		}
		title := capital(m.Title)
		i := slices.IndexFunc(out, func(s symptom) bool { return s.title == title })
		if i < 0 {
			i = len(out)
			out = append(out, symptom{title: title})
		}
		out[i].links = append(out[i].links, fmt.Sprintf("[%s](#%s)", m.ID, m.ID))
	}
	return out
}

func (t *Table) writeMessage(line func(string, ...any), m Message) {
	line("\n### %s", m.ID)
	if m.From == m.Where {
		line("\n**%s.**", capital(m.Title))
	} else {
		line("\n**%s.** Reported by %s.", capital(m.Title), m.From)
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
	line("\n- *Check:* %s.", text(c.Tell))
	line("- *Fix:* %s.", text(c.Fix))
	if len(c.Rules) > 0 {
		var links []string
		for _, r := range c.Rules {
			links = append(links, fmt.Sprintf("[%s](rules.md#%s)", r, r))
		}
		line("- *Found by lint:* %s", strings.Join(links, ", "))
	}
	line("- *Source:* %s", text(c.Source))
}

// inOrder returns the ids of the causes in the order of their first use.
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

// anchor returns the fragment that GitHub gives a heading.
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

// capital starts a sentence with a capital letter, except when its first word is
// an identifier or a name, such as rp.id, credentials_identifier or iOS.
func capital(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLower(r) && !strings.ContainsRune(",;:-'", r) }) {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// code quotes a text that may contain back quotes.
func code(s string) string {
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}

// text escapes Markdown in a text, except in its code spans.
func text(s string) string {
	parts := strings.Split(s, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.NewReplacer("<", "&lt;", "*", `\*`, "_", `\_`, "[", `\[`).Replace(parts[i])
	}
	return strings.Join(parts, "`")
}
