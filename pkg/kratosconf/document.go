package kratosconf

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Document is one layer of a configuration: a file, read by itself.
type Document struct {
	File *source.File
	Root *Value // nil when the file says nothing
	// Duplicates are keys that stand twice in one map; Kratos refuses the file.
	Duplicates []Duplicate
	// Second is where a second YAML document starts, which Kratos does not read.
	Second source.Span
	// Template says that the file has conditions or loops, so that not all of
	// it comes out together.
	Template bool
	// Incomplete says that template expressions stand for whole lines: keys may
	// come out of them that are not seen here.
	Incomplete bool
}

// Duplicate is a key that its map has already.
type Duplicate struct {
	Name          string
	First, Second source.Span // the two keys
}

// SyntaxError says that a file cannot be read the way Kratos reads it.
type SyntaxError struct {
	Span    source.Span
	Message string
	// Template says that the text may well be right once it is rendered.
	Template bool
}

func (e *SyntaxError) Error() string { return e.Span.String() + ": " + e.Message }

// ParseOptions change how a file is read.
type ParseOptions struct {
	// Rendered says that no template should be left, so that braces are just
	// text, as they are to Kratos.
	Rendered bool
}

// Parse reads a file as one layer: JSON, TOML or YAML, told apart by the file's name;
// a kratos.yml inside of a ConfigMap, of Helm values or of an Ory Network
// project is found. The error is a *SyntaxError.
func Parse(f *source.File, opts ParseOptions) (*Document, error) {
	if b, ok := embedded(f.Data); ok {
		return parse(f, b.only(f.Data), opts)
	}
	d, err := parse(f, f.Data, opts)
	if err == nil {
		d.Root = nested(d.Root)
	}
	return d, err
}

// parse reads text of f; data differs from f.Data only in blanked parts.
func parse(f *source.File, data []byte, opts ParseOptions) (*Document, error) {
	if !utf8.Valid(data) {
		return nil, invalidUTF8(f, data)
	}
	m := &mask{data: data}
	if !opts.Rendered {
		m = maskTemplates(data)
	}
	d := &Document{File: f, Template: m.control, Incomplete: m.incomplete}
	b := &builder{file: f, mask: m, doc: d}
	if err := b.read(); err != nil {
		return nil, err
	}
	if d.Root != nil && d.Root.Kind != Map {
		if d.Root.Kind == Null {
			d.Root = nil
			return d, nil
		}
		return nil, &SyntaxError{
			Span: d.Root.Span, Template: d.Template || d.Incomplete,
			Message: fmt.Sprintf("a configuration must be a map of keys, but this file is of type %s", d.Root.Kind),
		}
	}
	return d, nil
}

// read picks the parser by the file's name, as Kratos does.
func (b *builder) read() error {
	switch strings.ToLower(filepath.Ext(b.file.Name)) {
	case ".toml":
		return b.toml()
	case ".json":
		if !b.mask.used() {
			return b.json()
		}
		// With templates it is no JSON; YAML takes bare placeholders.
	}
	return b.yaml()
}

// ParseJSON reads any JSON text, such as an identity schema. The error is a
// *SyntaxError.
func ParseJSON(f *source.File) (*Value, error) {
	if !utf8.Valid(f.Data) {
		return nil, invalidUTF8(f, f.Data)
	}
	b := &builder{file: f, mask: &mask{data: f.Data}, doc: &Document{File: f}}
	if err := b.json(); err != nil {
		return nil, err
	}
	return b.doc.Root, nil
}

func invalidUTF8(f *source.File, data []byte) error {
	if hasPrefix(data, "\xff\xfe") || hasPrefix(data, "\xfe\xff") {
		return &SyntaxError{Span: source.Span{File: f}, Message: "the file is UTF-16; save it as UTF-8"}
	}
	offset := 0
	for offset < len(data) {
		r, size := utf8.DecodeRune(data[offset:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		offset += size
	}
	return &SyntaxError{
		Span:    source.Span{File: f, Start: offset, End: offset},
		Message: fmt.Sprintf("the byte 0x%02x is not valid UTF-8", data[offset]),
	}
}

// builder turns one parsed text into values.
type builder struct {
	file *source.File
	mask *mask
	doc  *Document
}

// scalar makes a scalar value of the text that the parser found.
func (b *builder) scalar(kind Kind, text string, span source.Span) *Value {
	v := &Value{Kind: kind, Str: text, Span: span}
	if len(b.mask.exprs) > 0 && IsOpaque(text) {
		v.Kind = String
		v.Str, v.opaque = b.mask.restore(text), text
	}
	return v
}

// add puts a field into a map and notes a key that is there already.
func (b *builder) add(m *Value, name string, key source.Span, value *Value) {
	if len(b.mask.exprs) > 0 && IsOpaque(name) {
		name = b.mask.restore(name)
		b.doc.Incomplete = true
	}
	value.Key = key
	old := m.child(name)
	switch {
	case old == nil:
		m.set(name, value)
	case b.doc.Template:
		// The two stand in different branches of a condition.
		m.set(name, either(old, value))
	default:
		b.doc.Duplicates = append(b.doc.Duplicates, Duplicate{Name: name, First: old.Key, Second: key})
		m.set(name, value)
	}
}

// either is a value of which a template's condition decides: maps of both
// branches are taken together, anything else is unknown unless both agree.
func either(a, b *Value) *Value {
	switch {
	case a.Kind == Map && b.Kind == Map:
		return merge(a, b)
	case a.Kind == b.Kind && a.Kind != List && a.Str == b.Str:
		return b
	}
	c := *b
	c.Kind, c.opaque, c.items, c.fields, c.index = String, string(placeholderLast), nil, nil, nil
	return &c
}
