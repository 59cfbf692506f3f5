package kratosconf

import (
	"bytes"
	"fmt"
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
		out := &SyntaxError{Message: err.Error(), Span: source.Span{File: b.file}, Template: len(b.mask.exprs) > 0 || b.mask.control}
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
	v := &Value{Kind: Map, Span: b.at(max(1, position.Line), max(1, position.Col))}
	keys := tree.Keys()
	slices.SortStableFunc(keys, func(a, b string) int {
		return tree.GetPositionPath([]string{a}).Line - tree.GetPositionPath([]string{b}).Line
	})
	for _, name := range keys {
		at := tree.GetPositionPath([]string{name})
		key := b.tomlKey(at, name)
		b.add(v, name, key, b.tomlValue(tree.GetPath([]string{name}), key.End))
	}
	return v
}

// tomlKey finds a key at its position, or behind the dots and brackets there.
func (b *builder) tomlKey(at toml.Position, name string) source.Span {
	span := b.at(max(1, at.Line), max(1, at.Col))
	if i := bytes.Index(restOfLine(b.mask.data[span.Start:]), []byte(name)); i >= 0 {
		span.Start += i
		span.End = span.Start + len(name)
	}
	return span
}

// tomlValue makes a value that stands somewhere behind an offset.
func (b *builder) tomlValue(raw any, from int) *Value {
	here := source.Span{File: b.file, Start: from, End: from}
	switch t := raw.(type) {
	case *toml.Tree:
		return b.tomlTree(t)
	case []*toml.Tree:
		v := &Value{Kind: List, Span: here}
		for _, item := range t {
			v.items = append(v.items, b.tomlTree(item))
		}
		return v
	case []any:
		v := &Value{Kind: List, Span: here}
		for _, item := range t {
			one := b.tomlValue(item, from)
			v.items = append(v.items, one)
			from = max(from, one.Span.End)
		}
		return v
	case string:
		return b.scalar(String, t, b.tomlText(from, t, true))
	case bool:
		return b.scalar(Bool, strconv.FormatBool(t), b.tomlText(from, strconv.FormatBool(t), false))
	case int64, uint64:
		return b.scalar(Int, fmt.Sprint(t), b.tomlText(from, fmt.Sprint(t), false))
	case float64:
		return b.scalar(Float, strconv.FormatFloat(t, 'g', -1, 64), here)
	}
	return b.scalar(String, fmt.Sprint(raw), here) // a date
}

// tomlText finds a scalar's text, between quotes when it is a string.
func (b *builder) tomlText(from int, text string, quoted bool) source.Span {
	span := source.Span{File: b.file, Start: from, End: from}
	rest := string(b.mask.data[from:min(len(b.mask.data), from+maxTOMLGap+len(text))])
	i := -1
	if quoted {
		for _, q := range []string{`"`, `'`} {
			if j := strings.Index(rest, q+text+q); j >= 0 && (i < 0 || j+1 < i) {
				i = j + 1
			}
		}
	} else {
		i = strings.Index(rest, text)
	}
	if i >= 0 {
		span.Start, span.End = from+i, from+i+len(text)
	}
	return span
}

// maxTOMLGap bounds how far behind its key a value is looked for.
const maxTOMLGap = 2000
