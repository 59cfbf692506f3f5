package kratosconf

import (
	"bytes"
	"hash/fnv"
	"slices"
	"strings"
	"unicode/utf8"
)

// A template expression is replaced with a placeholder of the same length: a rune
// of a private use area, one per distinct text, and filler. All other bytes keep
// their offset, and equal expressions have equal placeholders.
const (
	placeholderFirst = '\ue000'
	placeholderLast  = '\uf8ff'
	filler           = 'x'
)

// IsOpaque reports whether a part of Value.Opaque contains a placeholder.
func IsOpaque(s string) bool {
	for _, r := range s {
		if r >= placeholderFirst && r <= placeholderLast {
			return true
		}
	}
	return false
}

// mask is a text with placeholders for its template expressions.
type mask struct {
	data  []byte
	exprs map[rune]expression // by placeholder
	// incomplete reports whether an expression replaces whole lines and may
	// therefore add keys.
	incomplete bool
	control    bool // there are conditions or loops
}

type expression struct {
	text  string
	width int // bytes of the placeholder
}

// used reports whether the text has template expressions.
func (m *mask) used() bool { return len(m.exprs) > 0 || m.control || m.incomplete }

// tag is a template expression in the text.
type tag struct {
	start, end int
	control    bool // a condition, a loop, a definition or a comment: no value
}

// maskTemplates returns the text with placeholders, or the text itself if it has no
// templates.
func maskTemplates(data []byte) *mask {
	m := &mask{data: data}
	tags := findTags(data)
	if len(tags) == 0 {
		return m
	}
	m.data = slices.Clone(data)
	m.exprs = make(map[rune]expression)
	for len(tags) > 0 {
		n := sameLine(data, tags)
		m.line(tags[:n])
		tags = tags[n:]
	}
	return m
}

// sameLine returns the number of tags that start on the line on which the previous
// one ends.
func sameLine(data []byte, tags []tag) int {
	n := 1
	for n < len(tags) && bytes.IndexByte(data[tags[n-1].end:tags[n].start], '\n') < 0 {
		n++
	}
	return n
}

// line masks the tags of one line, or of several lines joined by multi-line tags.
func (m *mask) line(tags []tag) {
	first, last := tags[0], tags[len(tags)-1]
	alone := isBlank(m.before(first.start)) && isBlank(restOfLine(m.data[last.end:]))
	onlyTags := alone
	control := true
	for i, t := range tags {
		control = control && t.control
		m.control = m.control || t.control
		if i > 0 && !isBlank(m.data[tags[i-1].end:t.start]) {
			onlyTags = false
		}
	}
	switch {
	case onlyTags && control:
		m.blank(first.start, last.end)
	case onlyTags && !m.expectsValue(first.start):
		m.incomplete = true
		m.blank(first.start, last.end)
	case alone && len(tags) == 2 && first.control && last.control:
		// The text in between moves to the right, and may hide what follows.
		m.incomplete = true
		m.blank(first.start, first.end)
		m.blank(last.start, last.end)
	default:
		for _, t := range tags {
			m.replace(t)
		}
	}
}

// expectsValue reports whether the previous line needs a value on a separate line.
func (m *mask) expectsValue(offset int) bool {
	head := bytes.TrimRight(m.data[:offset], " \t\r\n")
	line := head[bytes.LastIndexByte(head, '\n')+1:]
	return bytes.HasSuffix(line, []byte(":")) || bytes.Equal(bytes.TrimSpace(line), []byte("-"))
}

func (m *mask) before(offset int) []byte {
	return m.data[bytes.LastIndexByte(m.data[:offset], '\n')+1 : offset]
}

func (m *mask) blank(start, end int) {
	for i := start; i < end; i++ {
		if m.data[i] != '\n' && m.data[i] != '\r' {
			m.data[i] = ' '
		}
	}
}

func (m *mask) replace(t tag) {
	text := string(m.data[t.start:t.end])
	width := len(text)
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		width = i
	}
	m.blank(t.start, t.end)
	if width < utf8.RuneLen(placeholderFirst) {
		return
	}
	r := m.placeholder(text, width)
	n := utf8.EncodeRune(m.data[t.start:t.end], r)
	for i := t.start + n; i < t.start+width; i++ {
		m.data[i] = filler
	}
}

// maxProbes limits the search for a free rune in a file with thousands of distinct
// expressions.
const maxProbes = 64

// placeholder selects the rune for an expression by its hash, so that equal
// expressions have the same rune in all files.
func (m *mask) placeholder(text string, width int) rune {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(text))
	const count = placeholderLast - placeholderFirst // the last one is never given
	first := rune(hash.Sum32() % count)
	for i := range rune(maxProbes) {
		r := placeholderFirst + (first+i)%count
		e, taken := m.exprs[r]
		if !taken {
			m.exprs[r] = expression{text: text, width: width}
			return r
		}
		if e.text == text {
			return r
		}
	}
	return placeholderFirst + first // too many: taken for equal to another one
}

// restore replaces the placeholders in a text with their expressions.
func (m *mask) restore(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if e, ok := m.exprs[r]; ok {
			b.WriteString(e.text)
			i += e.width
			continue
		}
		b.WriteString(s[i : i+size])
		i += size
	}
	return b.String()
}

func isBlank(b []byte) bool { return len(bytes.TrimSpace(b)) == 0 }
