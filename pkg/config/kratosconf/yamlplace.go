package kratosconf

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// lineIndex converts yaml.v3's lines and columns into byte offsets. It caches the
// last position, because nodes come in order and a line may be the whole file.
type lineIndex struct {
	file         *source.File
	data         []byte
	starts       []int // offsets of the lines
	line, column int   // the last place asked for
	at           int   // its offset
}

const bom = "\uFEFF"

// lineBreak matches what yaml.v3 counts as line breaks.
var lineBreak = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

func newLineIndex(file *source.File, data []byte) lineIndex {
	l := lineIndex{file: file, data: data, starts: []int{0}}
	if hasPrefix(data, bom) {
		l.starts[0] = len(bom)
	}
	for _, found := range lineBreak.FindAllIndex(data, -1) {
		l.starts = append(l.starts, found[1])
	}
	l.starts = append(l.starts, len(data)) // yaml.v3 adds a missing final line break
	return l
}

func (l *lineIndex) offset(node *yaml.Node) int {
	if node.Line != l.line || node.Column < l.column {
		l.line, l.column, l.at = node.Line, 1, l.starts[node.Line-1]
	}
	for ; l.column < node.Column; l.column++ {
		_, size := utf8.DecodeRune(l.data[l.at:])
		l.at += size
	}
	return l.at
}

func (l *lineIndex) position(node *yaml.Node) source.Span {
	offset := l.offset(node)
	return source.Span{File: l.file, Start: offset, End: offset}
}

// properties matches the anchor and the tag before a scalar.
var properties = regexp.MustCompile(`^(?:[&!][^ \t\r\n]*[ \t]*)*`)

// scalar finds the text of a scalar that is written literally.
func (l *lineIndex) scalar(node *yaml.Node) source.Span {
	span := l.position(node)
	span.Start += len(properties.Find(l.data[span.Start:]))
	span.End = span.Start
	quote := ""
	switch {
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return span
	case node.Style&yaml.DoubleQuotedStyle != 0:
		quote = `"`
	case node.Style&yaml.SingleQuotedStyle != 0:
		quote = "'"
		if strings.Contains(node.Value, quote) {
			return span // it is written twice
		}
	}
	if hasPrefix(l.data[span.Start:], quote+node.Value+quote) {
		span.Start += len(quote)
		span.End = span.Start + len(node.Value)
	}
	return span
}
