package kratosconf

import (
	"bytes"
	"strings"
)

// maxTag limits the length of a template expression in bytes, so that an unclosed
// brace does not count as one.
const maxTag = 4096

// findTags returns the template expressions of a text, except in comments:
// {{ }} (Helm, Jinja, gomplate), {% %} and {# #} (Jinja), <% %> (ERB), ${X} and
// $X (envsubst), @X@ and @@X@@ (autoconf, Maven), ##X##, __X__, and those of
// rawPlaceholders.
func findTags(data []byte) []tag {
	var tags []tag
	for i := 0; ; {
		j := bytes.IndexAny(data[i:], "{<$@#_%[")
		if j < 0 {
			return tags
		}
		i += j
		if data[i] == '#' && lineStart(data, i) {
			i += len(restOfLine(data[i:]))
			continue
		}
		t, ok := tagAt(data, i)
		if !ok {
			i++
			continue
		}
		tags = append(tags, t)
		i = t.end
	}
}

// restOfLine returns the text up to its first line break.
func restOfLine(data []byte) []byte {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return line
}

// lineStart reports whether an offset is preceded only by spaces in its line. A #
// starts a YAML comment there.
func lineStart(data []byte, i int) bool {
	for i > 0 && (data[i-1] == ' ' || data[i-1] == '\t') {
		i--
	}
	return i == 0 || data[i-1] == '\n'
}

func tagAt(data []byte, i int) (tag, bool) {
	rest := data[i:min(len(data), i+maxTag)]
	switch {
	case hasPrefix(rest, "{{"):
		return between(rest, i, "{{", "}}", isControl)
	case hasPrefix(rest, "{%"):
		return between(rest, i, "{%", "%}", func(string) bool { return true })
	case hasPrefix(rest, "{#"):
		return between(rest, i, "{#", "#}", func(string) bool { return true })
	case hasPrefix(rest, "<%"):
		return between(rest, i, "<%", "%>", func(body string) bool { return !strings.HasPrefix(body, "=") })
	case rest[0] == '$':
		return shellTag(rest, i)
	case rest[0] == '@' && !wordBefore(data, i):
		return named(rest, i, "@", false)
	case hasPrefix(rest, "##"):
		return named(rest, i, "##", false)
	case hasPrefix(rest, "__") && !wordBefore(data, i):
		return named(rest, i, "__", true)
	case rest[0] == '[' && lineStart(data, i): // a table of TOML
	case rest[0] == '#' || rest[0] == '%' || rest[0] == '[':
		if at := rawPlaceholders.FindIndex(rest); at != nil {
			return tag{start: i, end: i + at[1]}, true
		}
	}
	return tag{}, false
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

func wordBefore(data []byte, i int) bool { return i > 0 && isWord(data[i-1]) }

func between(rest []byte, at int, opening, closing string, control func(string) bool) (tag, bool) {
	body, _, ok := bytes.Cut(rest[len(opening):], []byte(closing))
	if !ok {
		return tag{}, false
	}
	end := len(opening) + len(body) + len(closing)
	for opening == "{{" && end < len(rest) && rest[end] == '}' && rest[len(opening)] == '{' {
		end++ // {{{x}}}
	}
	return tag{start: at, end: at + end, control: control(string(body))}, true
}

// isControl reports whether the content of {{ }} renders no text: Go template
// actions, assignments and comments.
func isControl(body string) bool {
	body = strings.TrimSpace(strings.TrimPrefix(body, "-"))
	end := 0
	for end < len(body) && (isWord(body[end]) || body[end] == '$') {
		end++
	}
	word, rest := body[:end], strings.TrimSpace(body[end:])
	switch word {
	case "if", "else", "end", "range", "with", "define", "block", "break", "continue":
		return true
	case "":
		return strings.HasPrefix(body, "/*") || strings.HasPrefix(body, "!") || strings.HasPrefix(body, "#")
	}
	assigns := strings.HasPrefix(rest, ":=") || strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==")
	return word[0] == '$' && assigns
}

// shellTag parses ${NAME…} with nested braces on one line, or $NAME in capitals.
func shellTag(rest []byte, at int) (tag, bool) {
	if hasPrefix(rest, "${") && len(rest) > 2 && isNameStart(rest[2]) {
		depth := 0
		for i, c := range rest {
			switch c {
			case '\n':
				return tag{}, false
			case '{':
				depth++
			case '}':
				if depth--; depth == 0 {
					return tag{start: at, end: at + i + 1}, true
				}
			}
		}
		return tag{}, false
	}
	i := 2
	for i < len(rest) && (isUpper(rest[i]) || isDigit(rest[i]) || rest[i] == '_') {
		i++
	}
	// At least two characters, because the placeholder needs three bytes.
	if i < 3 || !isUpper(rest[1]) || i < len(rest) && isWord(rest[i]) {
		return tag{}, false
	}
	return tag{start: at, end: at + i}, true
}

// named parses @X@, @@X@@, ##X## or __X__: a name between two equal marks.
func named(rest []byte, at int, mark string, upper bool) (tag, bool) {
	i := len(mark)
	if hasPrefix(rest[i:], mark) {
		i += len(mark)
	}
	start := i
	for i < len(rest) && (isWord(rest[i]) && (!upper || !isLower(rest[i])) || !upper && (rest[i] == '.' || rest[i] == '-')) {
		i++
	}
	name := rest[start:i]
	if upper {
		// The name may contain underscores, so search for the closing mark.
		name = bytes.TrimRight(name, "_")
		i = start + len(name)
	}
	if len(name) == 0 || !isNameStart(name[0]) || !hasPrefix(rest[i:], mark) {
		return tag{}, false
	}
	for hasPrefix(rest[i:], mark) {
		i += len(mark)
	}
	return tag{start: at, end: at + i}, true
}

func isUpper(c byte) bool     { return c >= 'A' && c <= 'Z' }
func isLower(c byte) bool     { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool     { return c >= '0' && c <= '9' }
func isNameStart(c byte) bool { return isUpper(c) || isLower(c) || c == '_' }
func isWord(c byte) bool      { return isNameStart(c) || isDigit(c) }
