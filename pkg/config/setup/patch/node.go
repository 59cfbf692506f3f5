package patch

import (
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
)

// pair is one field of a map that is written.
type pair struct {
	key     string
	value   *yaml.Node
	comment string // behind a scalar, or behind the key of a map or list
}

func field(key string, value *yaml.Node) pair { return pair{key: key, value: value} }

// mapping is a map with its fields in order.
func mapping(fields ...pair) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, f := range fields {
		key := text(f.key)
		switch {
		case f.comment == "":
		case f.value.Kind == yaml.ScalarNode:
			f.value.LineComment = f.comment
		default:
			key.LineComment = f.comment
		}
		m.Content = append(m.Content, key, f.value)
	}
	return m
}

func list() *yaml.Node { return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"} }

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func yes() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"} }

func texts(all []string) *yaml.Node {
	out := list()
	for _, s := range all {
		out.Content = append(out.Content, text(s))
	}
	return out
}

// copied returns a value as a node that can be written at another place.
func copied(v *kratosconf.Value) *yaml.Node {
	switch v.Kind {
	case kratosconf.Map:
		m := mapping()
		for _, f := range v.Fields() {
			m.Content = append(m.Content, text(f.Name), copied(f.Value))
		}
		return m
	case kratosconf.List:
		out := list()
		for _, item := range v.Items() {
			out.Content = append(out.Content, copied(item))
		}
		return out
	case kratosconf.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: v.Str}
	case kratosconf.Int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: v.Str}
	case kratosconf.Float:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: v.Str}
	case kratosconf.Null, kratosconf.Missing:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	case kratosconf.String:
	}
	return text(v.Str)
}
