// Package kratosconf reads kratos.yml exactly as Kratos reads it: YAML as
// gopkg.in/yaml.v3 accepts it, several files as koanf merges them, the
// environment as ory/x/configx does, traps included. Every value knows where it
// was written and what it hides.
package kratosconf

import (
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Kind is the JSON type of a value after YAML's own typing, which is what
// Kratos' schema validation sees.
type Kind uint8

// The kinds of a value. The zero Kind belongs to the nil *Value: not configured.
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

// String names the kind as JSON schema does.
func (k Kind) String() string {
	return [...]string{"missing", "null", "boolean", "integer", "number", "string", "object", "array"}[k]
}

// Value is one value of a configuration. All methods take the nil *Value, which
// stands for a key that nobody configured.
type Value struct {
	Kind Kind
	// Str is the text of a scalar; a template expression in it stands as it was
	// written.
	Str string
	// Span is the text between the quotes of a scalar that stands in the file
	// letter by letter. It is empty, a mere position, for maps, lists and
	// scalars that are escaped, folded or of several lines.
	Span source.Span
	// Key is where the key stands that names the value; zero in lists.
	Key source.Span
	// Shared says that the value stands behind an anchor, so that an edit would
	// change it in several places.
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

// Get follows a path of keys and list indices, separated by dots. It answers
// nil where the path ends early.
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

// indexFrom is the number of fields from which a map is looked up by hash.
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

// Field answers one entry of a map, whose name may have dots.
func (v *Value) Field(name string) *Value {
	if !v.Is(Map) {
		return nil
	}
	return v.child(name)
}

// Fields answers the entries of a map in the order in which they were first
// written.
func (v *Value) Fields() []Field {
	if v == nil {
		return nil
	}
	return v.fields
}

// Items answers the elements of a list.
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

// Exists tells whether the key is there, be it with the value null.
func (v *Value) Exists() bool { return v != nil }

// Is tells whether the value is there and of this kind.
func (v *Value) Is(k Kind) bool { return v != nil && v.Kind == k }

// Text answers the text of a scalar, "" for anything else.
func (v *Value) Text() string {
	if v == nil {
		return ""
	}
	return v.Str
}

// True tells whether the value is the boolean true.
func (v *Value) True() bool { return v.Is(Bool) && strings.EqualFold(v.Str, "true") }

// False tells whether the value is the boolean false.
func (v *Value) False() bool { return v.Is(Bool) && strings.EqualFold(v.Str, "false") }

// Unknown tells whether a template expression is part of the value, so that
// only a rendered file shows it.
func (v *Value) Unknown() bool { return v != nil && v.opaque != "" }

// Opaque answers the text of a scalar with a placeholder of letters for each
// template expression, for parsing. See IsOpaque.
func (v *Value) Opaque() string {
	if v == nil || v.opaque == "" {
		return v.Text()
	}
	return v.opaque
}

// Editable reports whether the value's span may be rewritten: nothing else would
// change, and no other program is meant to fill it in.
func (v *Value) Editable() bool {
	return v != nil && !v.Unknown() && !v.Shared && v.Env == "" && v.Span.End > v.Span.Start
}

// Edit answers the edit that gives the value another text, or nothing when the
// value cannot be rewritten safely.
func (v *Value) Edit(text string) []source.Edit {
	if !v.Editable() {
		return nil
	}
	return []source.Edit{{Span: v.Span, New: text}}
}

// Replace answers the edit that puts a text in the place of a scalar and of the
// quotes around it.
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

// Place is where to point at: the scalar itself, else the key that names a
// collection, else where the value starts.
func (v *Value) Place() source.Span {
	if v == nil {
		return source.Span{}
	}
	if v.Key.File != nil && (v.Kind == Map || v.Kind == List || v.Kind == Null || v.Span.Start == v.Span.End) {
		return v.Key
	}
	return v.Span
}
