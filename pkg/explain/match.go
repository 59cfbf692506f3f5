package explain

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hit is a message found in a text: where, and by how many letters.
type hit struct {
	message    *Message
	start, end int
	letters    int
	weak       bool // it counts only where nothing else is found
}

// maxGap bounds in bytes what a * in a pattern may stand for.
const maxGap = 400

// find answers the messages that a text contains, the one with the longest
// match first. A match that lies inside of a longer one says nothing new.
func (t *Table) find(text string) []*Message {
	text = fold(text)
	var hits []hit
	for i := range t.Messages {
		m := &t.Messages[i]
		best := hit{}
		for _, pattern := range m.Match {
			if h := match(text, fold(pattern)); h.letters > best.letters {
				best = h
			}
		}
		if best.letters > 0 {
			best.message = m
			hits = append(hits, best)
		}
	}
	weak := func(h hit) bool { return h.weak }
	if strong := slices.DeleteFunc(slices.Clone(hits), weak); len(strong) > 0 {
		hits = strong
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.letters, a.letters), cmp.Compare(a.start, b.start))
	})
	var found []*Message
	for i, h := range hits {
		inside := func(o hit) bool { return o.start <= h.start && h.end <= o.end }
		if !slices.ContainsFunc(hits[:i], inside) {
			found = append(found, h.message)
		}
	}
	return found
}

// match looks for a folded pattern in a folded text.
func match(text, pattern string) hit {
	if whole, ok := strings.CutPrefix(pattern, "="); ok {
		if text != whole {
			return hit{}
		}
		return hit{end: len(text), letters: len(whole)}
	}
	pattern, weak := strings.CutPrefix(pattern, "~")
	pieces := strings.Split(pattern, "*")
	for i := range pieces {
		pieces[i] = strings.TrimSpace(pieces[i])
	}
	for from := 0; ; {
		start := indexWord(text, pieces[0], from)
		if start < 0 {
			return hit{}
		}
		h := hit{start: start, end: start + len(pieces[0]), letters: len(pieces[0]), weak: weak}
		if follow(text, pieces[1:], &h) {
			return h
		}
		from = start + 1
	}
}

// follow matches the pieces behind the first one, each within reach of the one
// before it.
func follow(text string, pieces []string, h *hit) bool {
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

// indexWord is the place of a piece that neither begins nor ends inside of a
// word or a number, -1 where there is none.
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

// joined tells whether the characters on both sides of a place belong to one
// word.
func joined(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return inWord(before) && inWord(after)
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// fold makes texts comparable that were copied from a console, a log or a
// mail: lower case, one kind of quote, single spaces, nothing escaped.
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
