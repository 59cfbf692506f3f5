package kratosconf

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Document is one layer of a configuration: a single file.
type Document struct {
	File *source.File
	Root *Value // nil when the file says nothing
	// Duplicates are keys that are defined twice in a map, for which Kratos does not
	// start.
	Duplicates []Duplicate
	// Second is the start of a second YAML document, which Kratos ignores.
	Second source.Span
	// Template reports whether the file has template conditions or loops, so that a
	// rendered file may lack some of its parts.
	Template bool
	// Incomplete reports whether template expressions replace whole lines and may
	// therefore add keys.
	Incomplete bool

	at     string // path of Root in the file, "" at its top
	inline *Value // identity schemas of Helm values, by file name
}

// nest sets Root to the part of the file that is Kratos' configuration.
func (d *Document) nest() {
	root, at := embeddedRoot(d.Root)
	d.at = at
	if parent, ok := strings.CutSuffix(at, ".config"); ok {
		if v := d.Root.Get(parent + ".identitySchemas"); v.Is(Map) {
			d.inline = v // Ory's chart mounts them under these names
		}
	}
	d.Root = root
}

// Duplicate is a key that its map already has.
type Duplicate struct {
	Name          string
	First, Second source.Span // the two keys
}

// SyntaxError is the error for a file that Kratos cannot parse.
type SyntaxError struct {
	Span    source.Span
	Message string
	// Template reports whether the file may be valid once it is rendered.
	Template bool
}

func (e *SyntaxError) Error() string { return e.Span.String() + ": " + e.Message }

// ParseOptions are the options for parsing a file.
type ParseOptions struct {
	// Rendered declares that the file contains no templates, so that braces are
	// literal text, as they are to Kratos.
	Rendered bool
}

// Parse parses a file as one layer: JSON, TOML or YAML, depending on the file's
// name. It also finds a kratos.yml within a ConfigMap, Helm values or an Ory Network
// project. The error is a *SyntaxError.
func Parse(f *source.File, opts ParseOptions) (*Document, error) {
	if b, ok := embedded(f.Data); ok {
		return parse(f, b.extract(f.Data), opts)
	}
	d, err := parse(f, f.Data, opts)
	if err == nil {
		d.nest()
	}
	return d, err
}

// parse parses data, which differs from f.Data only in blanked parts.
func parse(f *source.File, data []byte, opts ParseOptions) (*Document, error) {
	if !utf8.Valid(data) {
		return nil, invalidUTF8(f, data)
	}
	m := &mask{data: data}
	if !opts.Rendered {
		m = maskTemplates(data)
	}
	d := &Document{File: f, Template: m.control, Incomplete: m.incomplete}
	b := &builder{file: f, mask: m, doc: d, template: !opts.Rendered}
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

// read selects the parser by the file's name, as Kratos does.
func (b *builder) read() error {
	switch strings.ToLower(filepath.Ext(b.file.Name)) {
	case ".toml":
		return b.toml()
	case ".json":
		if !b.mask.used() {
			return b.json()
		}
		// With templates it is not JSON; YAML accepts bare placeholders.
	}
	return b.yaml()
}

// ParseJSON parses any JSON text, such as an identity schema. The error is a
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

// builder converts a parsed text into values.
type builder struct {
	file *source.File
	mask *mask
	doc  *Document
	// template says that placeholders are to be expected in values.
	template bool
}

// scalar returns a scalar value for the text that the parser found.
func (b *builder) scalar(kind Kind, text string, span source.Span) *Value {
	v := &Value{Kind: kind, Str: text, Span: span}
	if b.template && kind == String {
		text = b.mask.hide(text)
	}
	if len(b.mask.exprs) > 0 && IsOpaque(text) {
		v.Kind = String
		v.Str, v.opaque = b.mask.restore(text), text
	}
	return v
}

// add adds a field to a map, and records a duplicate key.
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
		// The two are in different branches of a condition.
		m.set(name, either(old, value))
	default:
		b.doc.Duplicates = append(b.doc.Duplicates, Duplicate{Name: name, First: old.Key, Second: key})
		m.set(name, value)
	}
}

// either merges the values of both branches of a template condition: maps are
// merged, and other values are unknown unless they are equal.
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
