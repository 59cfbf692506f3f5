package explain

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// candidate is a message found in a text, with the position and the length of the
// match in bytes.
type candidate struct {
	message    *Message
	start, end int
	letters    int
	weak       bool // counts only if no other message matches
}

// maxGap limits the length of the text that a * in a pattern matches, in bytes.
const maxGap = 400

// find returns the messages that a text contains, longest match first. A match
// within a longer one is dropped.
func (t *Table) find(text string) []*Message {
	text = fold(text)
	var candidates []candidate
	for i := range t.Messages {
		m := &t.Messages[i]
		best := candidate{}
		for _, pattern := range m.Match {
			if h := match(text, fold(pattern)); h.letters > best.letters {
				best = h
			}
		}
		if best.letters > 0 {
			best.message = m
			candidates = append(candidates, best)
		}
	}
	weak := func(h candidate) bool { return h.weak }
	if strong := slices.DeleteFunc(slices.Clone(candidates), weak); len(strong) > 0 {
		candidates = strong
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.letters, a.letters), cmp.Compare(a.start, b.start))
	})
	var found []*Message
	for i, h := range candidates {
		inside := func(o candidate) bool { return o.start <= h.start && h.end <= o.end }
		if !slices.ContainsFunc(candidates[:i], inside) {
			found = append(found, h.message)
		}
	}
	return found
}

// match searches a folded text for a folded pattern.
func match(text, pattern string) candidate {
	if whole, ok := strings.CutPrefix(pattern, "="); ok {
		if text != whole {
			return candidate{}
		}
		return candidate{end: len(text), letters: len(whole)}
	}
	pattern, weak := strings.CutPrefix(pattern, "~")
	pieces := strings.Split(pattern, "*")
	for i := range pieces {
		pieces[i] = strings.TrimSpace(pieces[i])
	}
	for from := 0; ; {
		start := indexWord(text, pieces[0], from)
		if start < 0 {
			return candidate{}
		}
		h := candidate{start: start, end: start + len(pieces[0]), letters: len(pieces[0]), weak: weak}
		if follow(text, pieces[1:], &h) {
			return h
		}
		from = start + 1
	}
}

// follow matches the pieces after the first one, each within maxGap of the one
// before it.
func follow(text string, pieces []string, h *candidate) bool {
	for _, piece := range pieces {
		reach := text[h.end:min(len(text), h.end+maxGap+len(piece))]
		i := indexWord(reach, piece, 0)
		if i < 0 {
			return false
		}
		h.end += i + len(piece)
		h.letters += len(piece)
	}
	return true
}

// indexWord returns the index of the first occurrence of piece that neither begins
// nor ends within a word or a number, or -1.
func indexWord(text, piece string, from int) int {
	for from <= len(text) {
		i := strings.Index(text[from:], piece)
		if i < 0 {
			return -1
		}
		start, end := from+i, from+i+len(piece)
		if !joined(text, start) && !joined(text, end) {
			return start
		}
		from = start + 1
	}
	return -1
}

// joined reports whether the characters before and after an index belong to one
// word.
func joined(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return inWord(before) && inWord(after)
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// fold normalises a text copied from a console, a log or an email: lower case, one
// kind of quote, single spaces, no backslashes.
func fold(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	blank := true
	for _, r := range text {
		switch r {
		case '"', '`', '“', '”', '‘', '’', '„', '«', '»', '´':
			r = '\''
		case '\\':
			continue
		case '…':
			r = '.'
		}
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		}
		blank = false
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.TrimSpace(b.String())
}
