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

// toml reads the text with the parser that Kratos uses. It knows where keys
// stand; values are looked for behind them.
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

// maxDepth bounds nested brackets, as encoding/json does.
const maxDepth = 10000

// tooDeep finds brackets that nest so deep that a parser that calls itself would
// run out of stack. Brackets in texts count as well, of which nobody has so many.
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

// tomlKey finds a key at its position, or behind the dots and brackets there.
// The parser keeps no position of an inline table, whose line is looked for.
func (b *builder) tomlKey(at toml.Position, name string, table source.Span) source.Span {
	span, pattern := b.at(at.Line, at.Col), `^.*?(`+regexp.QuoteMeta(name)+`)`
	if at.Invalid() {
		span, pattern = table, `(?m)^[ \t]*["']?(`+regexp.QuoteMeta(name)+`)["']?[ \t]*=`
	}
	if m := regexp.MustCompile(pattern).FindSubmatchIndex(b.near(span.Start, 0)); m != nil {
		span.Start, span.End = span.Start+m[2], span.Start+m[3]
	}
	return span
}

// tomlValue makes a value that stands somewhere behind an offset.
func (b *builder) tomlValue(raw any, from int) *Value {
	here := source.Span{File: b.file, Start: from, End: from}
	switch t := raw.(type) {
	case *toml.Tree:
		v := b.tomlTree(t)
		if t.Position().Invalid() { // an inline table; where its parts stand nobody knows
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

// tomlText finds a scalar's text behind an offset, between the quotes that come
// first.
func (b *builder) tomlText(from int, text string, quotes ...string) source.Span {
	span := source.Span{File: b.file, Start: from, End: from}
	before := string(b.near(from, len(text)))
	for _, quote := range quotes {
		if head, _, found := strings.Cut(before, quote+text+quote); found {
			span.Start = from + len(head) + len(quote)
			span.End = span.Start + len(text)
			before = head
		}
	}
	return span
}

// maxTOMLGap bounds how far behind its key a value is looked for, and an inline
// table behind its table.
const maxTOMLGap = 2000

// near is the text behind an offset in which something is looked for, which
// itself may be longer than the gap before it.
func (b *builder) near(from, length int) []byte {
	return b.mask.data[from:min(len(b.mask.data), from+maxTOMLGap+length)]
}
