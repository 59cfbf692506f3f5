package kratosconf

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// raw are those placeholders of values that YAML cannot read unquoted: of Octopus
// and replacetokens, of batch files (two letters may be an escape of a URL), and
// of Go templates with other marks.
const raw = `#\{[^{}\n]+\}#?|%%[A-Za-z_][\w.-]*%%|%[A-Z][A-Z0-9_]{2,}%|\[\[[ \t]*\.?[A-Za-z_][^\[\]\n"',]*\]\]`

// Placeholders of tools that replace text in values. They are recognized only in
// scalars, because braces and capitals have other meanings elsewhere in a file.
// rawPlaceholders also has those that YAML cannot parse unquoted.
var (
	rawPlaceholders = regexp.MustCompile(`^(?:` + raw + `)`)
	placeholders    = regexp.MustCompile(strings.Join([]string{
		raw,
		`\$\([A-Za-z_][\w.-]*\)`,            // Kubernetes, make
		`<[A-Za-z][^<>"'\n]*>`,              // Argo CD Vault plugin, documentation
		`\(\([ \t]*[\w.][^()\n]*\)\)`,       // Concourse, BOSH
		`\bref\+[a-z][^\s"']*`,              // vals
		`\bvault:[^\s"'#]+#[\w.-]+`,         // Bank-Vaults
		`\bENC\[[^\]\n]+\]`,                 // SOPS
		`\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b`, // sed, and many a script
	}, "|"))
)

// longestWord bounds a word that may hold a word in capitals: keys, hashes and
// tokens are longer.
const longestWord = 27

// Placeholder returns the first part of a text that another program is meant to
// replace, "" without any.
func Placeholder(text string) string {
	if tags := findTags([]byte(text)); len(tags) > 0 {
		return text[tags[0].start:tags[0].end]
	}
	if found := findPlaceholders(text); len(found) > 0 {
		return text[found[0][0]:found[0][1]]
	}
	return ""
}

// findPlaceholders returns the offsets of the placeholders of a scalar, those of
// findTags left out.
func findPlaceholders(text string) [][]int {
	if !strings.ContainsAny(text, "#%[$<(+_") {
		return nil
	}
	var out [][]int
	for _, at := range placeholders.FindAllStringIndex(text, -1) {
		found := text[at[0]:at[1]]
		switch {
		case found[0] == '<' && strings.Contains(found, "://"): // a URL in brackets
		case isUpper(found[0]) && wordAround(text, at) > longestWord:
		default:
			out = append(out, at)
		}
	}
	return out
}

// wordAround is the length of the word, hyphens included, that holds a part of a
// text.
func wordAround(text string, at []int) int {
	inWord := func(c byte) bool { return isWord(c) || c == '-' }
	start, end := at[0], at[1]
	for start > 0 && inWord(text[start-1]) {
		start--
	}
	for end < len(text) && inWord(text[end]) {
		end++
	}
	return end - start
}

// hide replaces the placeholders of a scalar as the template expressions of the
// file were replaced.
func (m *mask) hide(text string) string {
	found := findPlaceholders(text)
	if len(found) == 0 {
		return text
	}
	if m.exprs == nil {
		m.exprs = make(map[rune]expression)
	}
	var b strings.Builder
	done := 0
	for _, at := range found {
		width := at[1] - at[0]
		if width < utf8.RuneLen(placeholderFirst) {
			continue
		}
		b.WriteString(text[done:at[0]])
		b.WriteRune(m.placeholder(m.restore(text[at[0]:at[1]]), width))
		b.WriteString(strings.Repeat(string(filler), width-utf8.RuneLen(placeholderFirst)))
		done = at[1]
	}
	return b.String() + text[done:]
}
