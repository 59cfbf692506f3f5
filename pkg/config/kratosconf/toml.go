package kratosconf

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

var tomlError = regexp.MustCompile(`^\((\d+), (\d+)\): (.*)`)

// toml parses the text with the parser that Kratos uses. The parser knows the
// positions of keys; values are searched after them.
func (b *builder) toml() error {
	if offset, ok := tooDeep(b.mask.data); ok {
		return &SyntaxError{Span: source.Span{File: b.file, Start: offset, End: offset}, Message: fmt.Sprintf("more than %d levels", maxDepth)}
	}
	tree, err := toml.LoadBytes(b.mask.data)
	if err != nil {
		out := &SyntaxError{Message: err.Error(), Span: source.Span{File: b.file}, Template: b.mask.used()}
		if m := tomlError.FindStringSubmatch(err.Error()); m != nil {
			line, _ := strconv.Atoi(m[1])
			column, _ := strconv.Atoi(m[2])
			out.Message, out.Span = m[3], b.at(line, column)
		}
		return out
	}
	b.doc.Root = b.tomlTree(tree)
	return nil
}

// maxDepth limits nested brackets, as encoding/json does.
const maxDepth = 10000

// tooDeep reports whether brackets are nested so deeply that a recursive parser
// would overflow the stack. It also counts brackets in strings.
func tooDeep(data []byte) (int, bool) {
	depth := 0
	for i, c := range data {
		switch c {
		case '[', '{':
			if depth++; depth > maxDepth {
				return i, true
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return 0, false
}

func (b *builder) tomlTree(tree *toml.Tree) *Value {
	position := tree.Position()
	v := &Value{Kind: Map, Span: b.at(position.Line, position.Col)}
	places := make(map[string]source.Span)
	for _, name := range tree.Keys() {
		places[name] = b.tomlKey(tree.GetPositionPath([]string{name}), name, v.Span)
	}
	names := slices.SortedFunc(maps.Keys(places), func(a, b string) int {
		return cmp.Or(cmp.Compare(places[a].Start, places[b].Start), cmp.Compare(a, b))
	})
	for _, name := range names {
		key := places[name]
		b.add(v, name, key, b.tomlValue(tree.GetPath([]string{name}), key.End))
	}
	return v
}

// tomlKey finds a key at its position, or after the dots and brackets there. The
// parser has no positions for inline tables, so their line is searched.
func (b *builder) tomlKey(at toml.Position, name string, table source.Span) source.Span {
	span, pattern := b.at(at.Line, at.Col), `^.*?(`+regexp.QuoteMeta(name)+`)`
	if at.Invalid() {
		span, pattern = table, `(?m)^[ \t]*["']?(`+regexp.QuoteMeta(name)+`)["']?[ \t]*=`
	}
	if m := regexp.MustCompile(pattern).FindSubmatchIndex(b.contextAt(span.Start, 0)); m != nil {
		span.Start, span.End = span.Start+m[2], span.Start+m[3]
	}
	return span
}

// tomlValue returns a value that is located after an offset.
func (b *builder) tomlValue(raw any, from int) *Value {
	here := source.Span{File: b.file, Start: from, End: from}
	switch t := raw.(type) {
	case *toml.Tree:
		v := b.tomlTree(t)
		if t.Position().Invalid() { // an inline table; the positions of its parts are unknown
			v.Walk(func(v *Value) { v.Span, v.Key = here, here })
		}
		return v
	case []*toml.Tree:
		v := &Value{Kind: List, Span: here}
		for _, item := range t {
			v.items = append(v.items, b.tomlValue(item, from))
		}
		return v
	case []any:
		v := &Value{Kind: List, Span: here}
		for _, item := range t {
			one := b.tomlValue(item, from)
			v.items = append(v.items, one)
			from = min(len(b.mask.data), one.Span.End+1) // behind its closing quote
		}
		return v
	case string:
		return b.scalar(String, t, b.tomlText(from, t, `"`, `'`))
	case bool:
		return b.scalar(Bool, strconv.FormatBool(t), b.tomlText(from, strconv.FormatBool(t), ""))
	case int64, uint64:
		return b.scalar(Int, fmt.Sprint(t), b.tomlText(from, fmt.Sprint(t), ""))
	case float64:
		return b.scalar(Float, strconv.FormatFloat(t, 'g', -1, 64), here)
	}
	return b.scalar(String, fmt.Sprint(raw), here) // a date
}

// tomlText finds the text of a scalar after an offset, between the first quotes.
func (b *builder) tomlText(from int, text string, quotes ...string) source.Span {
	span := source.Span{File: b.file, Start: from, End: from}
	before := string(b.contextAt(from, len(text)))
	for _, quote := range quotes {
		if head, _, found := strings.Cut(before, quote+text+quote); found {
			span.Start = from + len(head) + len(quote)
			span.End = span.Start + len(text)
			before = head
		}
	}
	return span
}

// maxTOMLGap limits the distance between a key and its value, and between a table
// and its inline table.
const maxTOMLGap = 2000

// contextAt returns the text after an offset in which a value of any length is
// searched.
func (b *builder) contextAt(from, length int) []byte {
	return b.mask.data[from:min(len(b.mask.data), from+maxTOMLGap+length)]
}
