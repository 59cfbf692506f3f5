package safetext

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// commands are what log readers of CI systems take for a command to them, at the
// start of a line or anywhere: "::set-output", "##[group]", "##vso[", "##teamcity[".
var commands = regexp.MustCompile(`(?:^|\s)::[a-zA-Z]|##[a-zA-Z]*\[`)

// Visible returns a text for a terminal or the log of a workflow: characters that
// a reader does not see, line breaks among them, and those that start a command to
// the CI system are written as escapes.
func Visible(text string) string {
	text = escape(text, func(r rune) string {
		quoted := strconv.QuoteRune(r)
		return quoted[1 : len(quoted)-1]
	})
	return disarm(text)
}

func disarm(text string) string {
	return commands.ReplaceAllStringFunc(text, func(command string) string {
		if i := strings.Index(command, "::"); i >= 0 {
			return command[:i] + `:\x3a` + command[i+2:]
		}
		return `#\x23` + command[2:]
	})
}

// Words is Visible for a paragraph: characters that a reader does not see separate
// words.
func Words(text string) string {
	return disarm(escape(text, func(rune) string { return " " }))
}

// Excerpt is Visible for an excerpt, in which every character keeps its column.
func Excerpt(line []rune) string {
	text := escape(string(line), func(rune) string { return " " })
	return commands.ReplaceAllStringFunc(text, func(command string) string {
		if i := strings.Index(command, "::"); i >= 0 {
			return command[:i] + ": " + command[i+2:]
		}
		return "# " + command[2:]
	})
}

// escape replaces the characters that a reader does not see. A byte that is not
// UTF-8 is shown as U+FFFD.
func escape(text string, as func(rune) string) string {
	if !strings.ContainsFunc(text, hidden) {
		return strings.ToValidUTF8(text, string(utf8.RuneError))
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			b.WriteString(as(r))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// hidden reports whether a character moves the cursor or changes how others look:
// controls, line and paragraph separators, and directions of writing.
func hidden(r rune) bool {
	return unicode.Is(unicode.Cc, r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}
