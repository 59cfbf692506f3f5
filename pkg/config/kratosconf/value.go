// Package kratosconf reads kratos.yml exactly as Kratos does: YAML is parsed like
// gopkg.in/yaml.v3, several files are merged like koanf, and the environment is
// applied like ory/x/configx, including their quirks. Each value has its position
// and the value that it overrides.
package kratosconf

import (
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Kind is the JSON type of a value after YAML's typing, which Kratos' schema
// validation uses.
type Kind uint8

// The kinds of a value. The zero Kind is that of the nil *Value: not configured.
const (
	Missing Kind = iota
	Null
	Bool
	Int
	Float
	String
	Map
	List
)

// String returns the name of the kind in JSON Schema.
func (k Kind) String() string {
	return [...]string{"missing", "null", "boolean", "integer", "number", "string", "object", "array"}[k]
}

// Value is a value of a configuration. A nil *Value represents a key that is not
// configured; all methods accept it.
type Value struct {
	Kind Kind
	// Str is the text of a scalar, with template expressions as written.
	Str string
	// Span is the text between the quotes of a scalar that is written literally. For
	// maps, lists and scalars that are escaped, folded or span several lines it is
	// empty and only has a position.
	Span source.Span
	// Key is the position of the value's key; zero in lists.
	Key source.Span
	// Shared reports whether the value has an anchor, so that an edit would change
	// several places.
	Shared bool
	// Env is the name of the environment variable that set the value.
	Env string
	// Overrode is the value of an earlier file that this one hides.
	Overrode *Value

	opaque string // Str with a placeholder for each template expression, "" without any
	fields []Field
	index  map[string]int // of fields, when there are many
	items  []*Value
}

// Field is one entry of a map.
type Field struct {
	Name  string
	Value *Value
}

// Get returns the value at a path of keys and list indices, separated by dots. It
// returns nil if there is none.
func (v *Value) Get(path string) *Value {
	for v != nil && path != "" {
		var name string
		name, path, _ = strings.Cut(path, ".")
		v = v.child(name)
	}
	return v
}

func (v *Value) child(name string) *Value {
	switch v.Kind {
	case Map:
		if i := v.find(name); i >= 0 {
			return v.fields[i].Value
		}
	case List:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(v.items) {
			return v.items[i]
		}
	default:
	}
	return nil
}

// indexFrom is the number of fields from which maps use a hash index.
const indexFrom = 16

func (v *Value) find(name string) int {
	if v.index != nil {
		if i, ok := v.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range v.fields {
		if v.fields[i].Name == name {
			return i
		}
	}
	return -1
}

// set adds a field or replaces it.
func (v *Value) set(name string, value *Value) {
	if i := v.find(name); i >= 0 {
		v.fields[i].Value = value
		return
	}
	v.fields = append(v.fields, Field{Name: name, Value: value})
	switch {
	case v.index != nil:
		v.index[name] = len(v.fields) - 1
	case len(v.fields) == indexFrom:
		v.index = make(map[string]int, 2*indexFrom)
		for i := range v.fields {
			v.index[v.fields[i].Name] = i
		}
	}
}

// Field returns an entry of a map. Its name can contain dots.
func (v *Value) Field(name string) *Value {
	if !v.Is(Map) {
		return nil
	}
	return v.child(name)
}

// Fields returns the entries of a map in their original order.
func (v *Value) Fields() []Field {
	if v == nil {
		return nil
	}
	return v.fields
}

// Items returns the elements of a list.
func (v *Value) Items() []*Value {
	if v == nil {
		return nil
	}
	return v.items
}

// Walk visits a value and all values below it.
func (v *Value) Walk(visit func(*Value)) {
	if v == nil {
		return
	}
	visit(v)
	for _, f := range v.fields {
		f.Value.Walk(visit)
	}
	for _, item := range v.items {
		item.Walk(visit)
	}
}

// Exists reports whether the key exists, even if its value is null.
func (v *Value) Exists() bool { return v != nil }

// Is reports whether the value exists and is of this kind.
func (v *Value) Is(k Kind) bool { return v != nil && v.Kind == k }

// Text returns the text of a scalar, "" for other values.
func (v *Value) Text() string {
	if v == nil {
		return ""
	}
	return v.Str
}

// True reports whether the value is the boolean true.
func (v *Value) True() bool { return v.Is(Bool) && strings.EqualFold(v.Str, "true") }

// False reports whether the value is the boolean false.
func (v *Value) False() bool { return v.Is(Bool) && strings.EqualFold(v.Str, "false") }

// Unknown reports whether the value contains a template expression, so that it is
// only known in a rendered file.
func (v *Value) Unknown() bool { return v != nil && v.opaque != "" }

// Opaque returns the text of a scalar with a placeholder for each template
// expression, for parsing. See IsOpaque.
func (v *Value) Opaque() string {
	if v == nil || v.opaque == "" {
		return v.Text()
	}
	return v.opaque
}

// Editable reports whether the value's span can be rewritten without changing other
// values, and is not a placeholder of another program.
func (v *Value) Editable() bool {
	return v != nil && !v.Unknown() && !v.Shared && v.Env == "" && v.Span.End > v.Span.Start
}

// Edit returns the edit that changes the value's text, or none if the value cannot
// be rewritten safely.
func (v *Value) Edit(text string) []source.Edit {
	if !v.Editable() {
		return nil
	}
	return []source.Edit{{Span: v.Span, New: text}}
}

// Replace returns the edit that replaces a scalar and its quotes with a text.
func (v *Value) Replace(text string) []source.Edit {
	if !v.Editable() {
		return nil
	}
	span := v.Span
	data := span.File.Data
	if span.Start > 0 && (data[span.Start-1] == '"' || data[span.Start-1] == '\'') {
		span.Start--
		span.End++
	}
	return []source.Edit{{Span: span, New: text}}
}

// Place returns the position to report: the scalar itself, or the key of a
// collection, or else the start of the value.
func (v *Value) Place() source.Span {
	if v == nil {
		return source.Span{}
	}
	if v.Key.File != nil && (v.Kind == Map || v.Kind == List || v.Kind == Null || v.Span.Start == v.Span.End) {
		return v.Key
	}
	return v.Span
}
