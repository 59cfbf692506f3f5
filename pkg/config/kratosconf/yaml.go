package kratosconf

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"strings"

	yamlv4 "go.yaml.in/yaml/v4"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// yaml parses the text with the parser that Kratos uses.
func (b *builder) yaml() error {
	var doc yaml.Node
	if err := yaml.Unmarshal(b.mask.data, &doc); err != nil {
		return b.syntaxError(err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	b.second()
	n := &nodes{builder: b, lines: newLineIndex(b.file, b.mask.data), anchors: make(map[*yaml.Node]*Value)}
	var failed error
	if n.special(doc.Content[0]) {
		// Some errors only show when decoding: an alias that contains itself, a tag
		// that does not match.
		var any map[string]any
		failed = doc.Decode(&any)
	}
	if failed != nil && !strings.Contains(failed.Error(), "already defined") {
		return b.syntaxError(failed)
	}
	b.doc.Root = n.value(doc.Content[0], false)
	if failed != nil && len(b.doc.Duplicates) == 0 && !b.doc.Template {
		return b.syntaxError(failed) // a key that is a map itself
	}
	return nil
}

// second records the start of a second document.
func (b *builder) second() {
	content := false
	for line := 1; line <= b.file.Lines(); line++ {
		start := b.file.LineStart(line)
		rest := b.mask.data[start:]
		if hasPrefix(rest, "---") && (len(rest) == 3 || strings.IndexByte(" \t\r\n", rest[3]) >= 0) {
			if content {
				b.doc.Second = source.Span{File: b.file, Start: start, End: start + 3}
				return
			}
			continue
		}
		text := bytes.Trim(restOfLine(rest), blanks+bom)
		content = content || len(text) > 0 && text[0] != '#' && text[0] != '%'
	}
}

// v3Error matches the line and the first message of an error of yaml.v3.
var v3Error = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s*)?(?:line (\d+): )?(.*)`)

// syntaxError determines the position of an error of yaml.v3 with yaml.v4, because
// the lines of yaml.v3 are wrong for syntax errors.
func (b *builder) syntaxError(err error) error {
	m := v3Error.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1])
	column := 1
	var doc yamlv4.Node
	var loadErr *yamlv4.LoadError
	if errors.As(yamlv4.Unmarshal(b.mask.data, &doc), &loadErr) {
		line, column = loadErr.Mark.Line, loadErr.Mark.Column
	}
	return &SyntaxError{Message: m[2], Span: b.at(line, column), Template: b.mask.used()}
}

// at returns the position of a line and a column in the file.
func (b *builder) at(line, column int) source.Span {
	offset := b.file.Offset(line, column)
	return source.Span{File: b.file, Start: offset, End: offset}
}

// nodes converts yaml.v3's nodes into values.
type nodes struct {
	*builder
	lines   lineIndex
	anchors map[*yaml.Node]*Value
}

// special reports whether the node contains an alias, an explicit tag, a merge or a
// key that is not a scalar.
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
	v := &Value{Span: n.lines.position(node)}
	if node.Anchor != "" {
		n.anchors[node] = v // before its content, which may have an alias of it
	}
	switch node.Kind {
	case yaml.MappingNode:
		v.Kind = Map
		n.mapping(v, node, shared)
	case yaml.SequenceNode:
		v.Kind = List
		for _, item := range node.Content {
			v.items = append(v.items, n.value(item, shared))
		}
	default:
		*v = *n.scalar(kindOf(node), node.Value, n.lines.scalar(node))
		if v.Kind == Null {
			v.Str = ""
		}
	}
	v.Shared = shared
	return v
}

func (n *nodes) mapping(v *Value, node *yaml.Node, shared bool) {
	var merges []*yaml.Node
	for i := 0; i < len(node.Content); i += 2 {
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

// mergeKey merges the maps of a << key: explicit keys take precedence, and then
// earlier maps.
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
