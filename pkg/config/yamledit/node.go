package yamledit

import (
	"bytes"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// InsertNode returns the edit that writes a value at a path of keys. It takes up the
// part of the path that a file has already, the last file first, and adds the
// rest at the end of that map, in the map's own style and indentation.
func InsertNode(c *kratosconf.Config, path string, value *yaml.Node) []source.Edit {
	parts := strings.Split(path, ".")
	for n := len(parts) - 1; n >= 0; n-- {
		parent := written(c, strings.Join(parts[:n], "."))
		if parent == nil {
			continue
		}
		for i := len(parts) - 1; i > n; i-- {
			value = single(parts[i], value)
		}
		return add(parent, parts[n], value)
	}
	return nil
}

// written returns the value at a path as the last file says it that has one.
func written(c *kratosconf.Config, path string) *kratosconf.Value {
	for i := len(c.Documents) - 1; i >= 0; i-- {
		v := c.Documents[i].Root.Get(path)
		if v.Is(kratosconf.Map) || v.Is(kratosconf.Null) && path != "" {
			return v
		}
	}
	return nil
}

// add returns the edit that gives a map another key.
func add(parent *kratosconf.Value, key string, value *yaml.Node) []source.Edit {
	switch {
	case parent.Shared || parent.Env != "":
		return nil
	case parent.Kind == kratosconf.Null || len(parent.Fields()) == 0:
		return fill(parent, single(key, value))
	}
	f, at := parent.Span.File, parent.Span.Start
	if f != nil && at < len(f.Data) && f.Data[at] == '{' {
		return []source.Edit{{Span: source.Span{File: f, Start: at + 1, End: at + 1}, New: flow(key, value) + ", "}}
	}
	first := ownKey(parent)
	if first.File == nil {
		return nil
	}
	column := first.Position().Column - 1
	line := blockEnd(first.File, first.Position().Line, column)
	return []source.Edit{appendAfter(first.File, line, block(single(key, value), step(parent, column), column))}
}

// Prepend returns the edit that writes a new first element of a block list.
func Prepend(list *kratosconf.Value, item *yaml.Node) []source.Edit {
	items := list.Items()
	if len(items) == 0 || list.Shared || list.Env != "" || list.Key.File == nil {
		return nil
	}
	f, line := list.Key.File, list.Key.Position().Line
	for n := line + 1; n <= f.Lines(); n++ {
		text := f.Line(n)
		trimmed := strings.TrimLeft(text, " ")
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		if !strings.HasPrefix(trimmed, "- ") {
			return nil // a flow list
		}
		indent := len(text) - len(trimmed)
		return []source.Edit{appendAfter(f, n-1, block(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{item}}, 2, indent))}
	}
	return nil
}

// fill gives a key without a value, or with {}, its first entries.
func fill(v *kratosconf.Value, value *yaml.Node) []source.Edit {
	f := v.Key.File
	if f == nil {
		return nil
	}
	column := v.Key.Position().Column - 1
	line := v.Key.Position().Line
	text := block(value, 2, column+2)
	end := f.LineStart(line) + len(f.Line(line))
	rest := string(f.Data[v.Key.End:end])
	switch before, comment, _ := strings.Cut(rest, "#"); strings.Trim(strings.TrimLeft(before, `'"`), ": ") {
	case "", "null", "~":
		if strings.Trim(before, `'": `) == "" {
			return []source.Edit{appendAfter(f, line, text)}
		}
	case "{}":
		if comment != "" {
			comment = " #" + comment
		}
		return []source.Edit{{
			Span: source.Span{File: f, Start: v.Key.End, End: end},
			New:  strings.TrimRight(before[:strings.IndexByte(before, '{')], " ") + comment + "\n" + strings.TrimSuffix(text, "\n"),
		}}
	}
	return nil
}

// ownKey returns the key of a field that the map itself has, not by a merge.
func ownKey(m *kratosconf.Value) source.Span {
	for _, f := range m.Fields() {
		if f.Value.Key.File != nil && !f.Value.Shared && f.Value.Env == "" {
			return f.Value.Key
		}
	}
	return source.Span{}
}

// step is by how much the file indents, seen at a map.
func step(m *kratosconf.Value, column int) int {
	if m.Key.File != nil {
		if n := column - (m.Key.Position().Column - 1); n >= 2 && n <= 8 {
			return n
		}
	}
	for _, f := range m.Fields() {
		if key := ownKey(f.Value); key.File != nil && f.Value.Is(kratosconf.Map) {
			if n := key.Position().Column - 1 - column; n >= 2 && n <= 8 {
				return n
			}
		}
	}
	return 2
}

// blockEnd returns the last line of the block whose lines are indented to column or
// deeper, with the comments at its end.
func blockEnd(f *source.File, line, column int) int {
	last := line
	for n := line + 1; n <= f.Lines(); n++ {
		text := f.Line(n)
		trimmed := strings.TrimLeft(text, " ")
		indent := len(text) - len(trimmed)
		switch {
		case strings.TrimSpace(trimmed) == "":
			continue
		case trimmed[0] == '#':
			if n == last+1 && indent >= column {
				last = n
			}
			continue
		case indent < column, trimmed == "---", trimmed == "...":
			return last
		}
		last = n
	}
	return last
}

// appendAfter returns the edit that writes text behind a line, with the file's
// own line ends.
func appendAfter(f *source.File, line int, text string) source.Edit {
	at := len(f.Data)
	if line < f.Lines() {
		at = f.LineStart(line + 1)
	} else if at > 0 && f.Data[at-1] != '\n' {
		text = "\n" + strings.TrimSuffix(text, "\n")
	}
	return source.Edit{Span: source.Span{File: f, Start: at, End: at}, New: withLineEnds(f, text)}
}

// withLineEnds returns a text with the line ends of a file.
func withLineEnds(f *source.File, text string) string {
	if bytes.Contains(f.Data, []byte("\r\n")) {
		return strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// block writes a value as lines of a block, indented by column.
func block(value *yaml.Node, step, column int) string {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(step)
	if err := e.Encode(value); err != nil {
		return ""
	}
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		if strings.TrimSpace(line) != "" {
			out.WriteString(strings.Repeat(" ", column))
		}
		out.WriteString(line)
	}
	return out.String()
}

// flow writes a field in flow style, on one line.
func flow(key string, value *yaml.Node) string {
	field := single(key, value)
	plain(field)
	field.Style = yaml.FlowStyle
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	if err := e.Encode(field); err != nil {
		return ""
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	return strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
}

// plain drops the comments, which a line of flow style has no place for.
func plain(n *yaml.Node) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	for _, c := range n.Content {
		plain(c)
	}
}

// single returns a map with one field.
func single(key string, value *yaml.Node) *yaml.Node {
	name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{name, value}}
}
