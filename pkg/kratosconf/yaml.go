package kratosconf

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	yamlv4 "go.yaml.in/yaml/v4"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// yaml reads the text with the parser that Kratos uses.
func (b *builder) yaml() error {
	var doc yaml.Node
	if err := yaml.Unmarshal(b.mask.data, &doc); err != nil {
		return b.syntaxError(err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	b.second()
	n := &nodes{builder: b, lines: lineIndex{file: b.file, data: b.mask.data}, anchors: make(map[*yaml.Node]*Value)}
	if n.special(doc.Content[0]) {
		// These can be wrong in ways that only decoding shows: an alias that
		// contains itself, a tag that does not fit.
		var any map[string]any
		if err := doc.Decode(&any); err != nil && !strings.Contains(err.Error(), "already defined") {
			return b.syntaxError(err)
		}
	}
	b.doc.Root = n.value(doc.Content[0], false)
	return nil
}

// second notes where a second document starts.
func (b *builder) second() {
	content := false
	for line := 1; line <= b.file.Lines(); line++ {
		start := b.file.LineStart(line)
		rest := b.mask.data[start:]
		separator := hasPrefix(rest, "---") && (len(rest) == 3 || strings.IndexByte(" \t\r\n", rest[3]) >= 0)
		if separator && content {
			b.doc.Second = source.Span{File: b.file, Start: start, End: start + 3}
			return
		}
		if !separator && rest != nil && len(rest) > 0 && rest[0] != '#' && rest[0] != '%' && rest[0] != '\n' && rest[0] != '\r' {
			content = true
		}
	}
}

var (
	v3Line = regexp.MustCompile(`line (\d+): (.*)`)
	v3Text = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s*)?(?:line \d+: )?`)
)

// syntaxError places an error of yaml.v3, whose own lines are wrong for syntax
// errors, with the help of yaml.v4.
func (b *builder) syntaxError(err error) error {
	text := v3Text.ReplaceAllString(err.Error(), "")
	text, _, _ = strings.Cut(text, "\n")
	out := &SyntaxError{Message: text, Template: len(b.mask.exprs) > 0 || b.mask.control || b.mask.incomplete}
	var typeErr *yaml.TypeError
	if errors.As(err, &typeErr) && len(typeErr.Errors) > 0 {
		if m := v3Line.FindStringSubmatch(typeErr.Errors[0]); m != nil {
			line, _ := strconv.Atoi(m[1])
			out.Message = m[2]
			out.Span = b.at(line, 1)
			return out
		}
	}
	line, column := 1, 1
	if m := v3Line.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	var doc yamlv4.Node
	var loadErr *yamlv4.LoadError
	if errors.As(yamlv4.Unmarshal(b.mask.data, &doc), &loadErr) && loadErr.Mark.Line > 0 {
		line, column = loadErr.Mark.Line, max(1, loadErr.Mark.Column)
		out.Message = loadErr.Message
	}
	out.Span = b.at(line, column)
	return out
}

func (b *builder) at(line, column int) source.Span {
	offset := b.file.Offset(line, column)
	return source.Span{File: b.file, Start: offset, End: offset}
}

// nodes turns yaml.v3's nodes into values.
type nodes struct {
	*builder
	lines   lineIndex
	anchors map[*yaml.Node]*Value
}

// special tells whether the node holds an alias, an explicit tag, a merge or a
// key that is no scalar.
func (n *nodes) special(node *yaml.Node) bool {
	if node.Kind == yaml.AliasNode || node.Style&yaml.TaggedStyle != 0 {
		return true
	}
	for i, child := range node.Content {
		if n.special(child) {
			return true
		}
		if node.Kind == yaml.MappingNode && i%2 == 0 && (child.Kind != yaml.ScalarNode || child.Value == "<<") {
			return true
		}
	}
	return false
}

func (n *nodes) value(node *yaml.Node, shared bool) *Value {
	if node.Kind == yaml.AliasNode {
		if v := n.anchors[node.Alias]; v != nil {
			alias := *v // of its own key
			return &alias
		}
		node = node.Alias
	}
	shared = shared || node.Anchor != ""
	var v *Value
	switch node.Kind {
	case yaml.MappingNode:
		v = &Value{Kind: Map, Span: n.lines.position(node)}
		n.mapping(v, node, shared)
	case yaml.SequenceNode:
		v = &Value{Kind: List, Span: n.lines.position(node)}
		for _, item := range node.Content {
			v.items = append(v.items, n.value(item, shared))
		}
	default:
		v = n.scalar(kindOf(node), node.Value, n.lines.scalar(node))
		if v.Kind == Null {
			v.Str = ""
		}
	}
	v.Shared = shared
	if node.Anchor != "" {
		n.anchors[node] = v
	}
	return v
}

func (n *nodes) mapping(v *Value, node *yaml.Node, shared bool) {
	var merges []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.ShortTag() == "!!merge" {
			merges = append(merges, value)
			continue
		}
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		n.add(v, key.Value, n.lines.scalar(key), n.value(value, shared))
	}
	for _, merge := range merges {
		n.mergeKey(v, merge)
	}
}

// mergeKey adds what << names: explicit keys win, and of several maps the
// earlier.
func (n *nodes) mergeKey(v *Value, node *yaml.Node) {
	from := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		from = node.Content
	}
	for _, one := range from {
		for _, f := range n.value(one, true).Fields() {
			if v.find(f.Name) < 0 {
				v.set(f.Name, f.Value)
			}
		}
	}
}

func kindOf(node *yaml.Node) Kind {
	switch node.ShortTag() {
	case "!!null":
		return Null
	case "!!bool":
		return Bool
	case "!!int":
		return Int
	case "!!float":
		return Float
	}
	return String
}

// lineIndex turns yaml.v3's lines and columns into byte offsets of the text that
// it read. It remembers the last place, because nodes come in order and a line
// may hold the whole file.
type lineIndex struct {
	file         *source.File
	data         []byte
	line, column int // the last place asked for
	at           int // its offset
}

const bom = "\uFEFF"

func (l *lineIndex) offset(node *yaml.Node) int {
	if node.Line != l.line || node.Column < l.column {
		l.line, l.column, l.at = node.Line, 1, l.file.LineStart(node.Line)
		if l.at == 0 && hasPrefix(l.data, bom) {
			l.at = len(bom)
		}
	}
	for ; l.column < node.Column && l.at < len(l.data) && l.data[l.at] != '\n'; l.column++ {
		l.at += runeLen(l.data[l.at])
	}
	l.column = node.Column
	l.at = min(l.at, len(l.data))
	return l.at
}

// runeLen is the length of a rune of valid UTF-8 by its first byte.
func runeLen(c byte) int {
	switch {
	case c < 0xc0:
		return 1
	case c < 0xe0:
		return 2
	case c < 0xf0:
		return 3
	}
	return 4
}

func (l *lineIndex) position(node *yaml.Node) source.Span {
	offset := l.offset(node)
	return source.Span{File: l.file, Start: offset, End: offset}
}

// scalar finds the text of a scalar where it stands letter by letter.
func (l *lineIndex) scalar(node *yaml.Node) source.Span {
	start := l.offset(node)
	// Anchors and tags stand before the text itself.
	for start < len(l.data) && (l.data[start] == '&' || l.data[start] == '!') {
		for start < len(l.data) && strings.IndexByte(" \t\r\n", l.data[start]) < 0 {
			start++
		}
		for start < len(l.data) && strings.IndexByte(" \t", l.data[start]) >= 0 {
			start++
		}
	}
	span := source.Span{File: l.file, Start: start, End: start}
	closing := ""
	switch {
	case node.Style&yaml.SingleQuotedStyle != 0:
		closing = "'"
	case node.Style&yaml.DoubleQuotedStyle != 0:
		closing = `"`
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return span
	}
	from := start + len(closing)
	end := from + len(node.Value)
	if end+len(closing) <= len(l.data) && string(l.data[from:end]) == node.Value && string(l.data[end:end+len(closing)]) == closing {
		span.Start, span.End = from, end
	}
	return span
}
