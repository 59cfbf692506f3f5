package kratosconf

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Harmless returns an error if after is more than an edit of the Kratos
// configuration in before and of the identity schemas beside it. It compares the whole
// files: kind, metadata, other keys and other documents must be equal, and what could
// be parsed before must still parse.
func Harmless(before, after *source.File) error {
	was, err := Parse(before, ParseOptions{})
	if err != nil || !LooksLikeKratos(was.Root) {
		if _, err := ParseJSON(before); err == nil { // an identity schema on its own
			_, err = ParseJSON(after)
			return err
		}
	}
	if err != nil {
		return err // edits of a file that cannot be parsed are not safe
	}
	now, err := Parse(after, ParseOptions{})
	switch {
	case err != nil:
		return err
	case LooksLikeKratos(was.Root) && !LooksLikeKratos(now.Root):
		return harmful(after, "it no longer holds a Kratos configuration")
	case len(now.Duplicates) > len(was.Duplicates):
		return harmful(after, fmt.Sprintf("the key %q would stand there twice", now.Duplicates[0].Name))
	}
	left := ownBlocks(now)
	for _, own := range ownBlocks(was) {
		if !slices.ContainsFunc(left, func(b block) bool { return b.name == own.name }) {
			return harmful(after, fmt.Sprintf("%q would no longer be what it was", own.name))
		}
	}
	b, a := outermost(before), outermost(after)
	if len(a) != len(b) {
		return harmful(after, fmt.Sprintf("it would have %d documents instead of %d", len(a), len(b)))
	}
	own := ownParts(was)
	for i := range b {
		if b[i].err != nil { // a template, whose blocks are all that can be told apart
			return sameBlocks(was, now)
		}
		if a[i].err != nil {
			return a[i].err
		}
		inside := own
		if i > 0 && !isManifest(before.Data) {
			inside = func(string, *Value) bool { return false } // Kratos reads the first document
		}
		if at, ok := same(b[i].root, a[i].root, "", inside); !ok {
			return harmful(after, fmt.Sprintf("%q would change, which is not part of the Kratos configuration", strings.TrimPrefix(at, ".")))
		}
	}
	return nil
}

func harmful(f *source.File, message string) error {
	return &SyntaxError{Span: source.Span{File: f}, Message: message}
}

// outer is one YAML document of a file, before any embedded configuration is taken out of it.
type outer struct {
	root *Value
	err  error
}

// outermost returns every YAML document of a file; Kubernetes manifests and Helm
// values are kept whole. Any line of three dashes starts a document.
func outermost(f *source.File) []outer {
	var all []outer
	add := func(start, end int) {
		d, err := parse(f, block{start: start, end: end}.extract(f.Data), ParseOptions{})
		if err != nil {
			all = append(all, outer{err: err})
		} else {
			all = append(all, outer{root: d.Root})
		}
	}
	start := 0
	switch strings.ToLower(filepath.Ext(f.Name)) {
	case ".json", ".toml":
	default:
		for line := 2; line <= f.Lines(); line++ {
			if text := f.Line(line); text == "---" || strings.HasPrefix(text, "--- ") || strings.HasPrefix(text, "---\t") {
				add(start, f.LineStart(line))
				start = f.LineStart(line)
			}
		}
	}
	add(start, len(f.Data))
	return all
}

// ownParts returns which values of the outer file are Kratos' own: the
// configuration, and identity schemas.
func ownParts(d *Document) func(path string, v *Value) bool {
	own := ownBlocks(d)
	manifest := isManifest(d.File.Data)
	return func(path string, v *Value) bool {
		return !manifest && path == d.at || slices.ContainsFunc(own, func(b block) bool { return b.under(v) })
	}
}

func ownBlocks(d *Document) []block {
	var own []block
	if b, ok := embedded(d.File.Data); ok {
		own = append(own, b)
	}
	for _, b := range d.blocks() {
		if root, err := ParseJSON(source.New(d.File.Name, b.extract(d.File.Data))); err == nil && root.Get("properties").Is(Map) {
			own = append(own, b)
		}
	}
	return own
}

// sameBlocks compares the block scalars of a manifest that is a template.
func sameBlocks(was, now *Document) error {
	if !isManifest(was.File.Data) {
		return nil // Parse has read all of it
	}
	before, after := findBlocks(was.File.Data), findBlocks(now.File.Data)
	if len(before) != len(after) {
		return harmful(now.File, "it would have other parts than before")
	}
	own := make(map[int]bool)
	for _, b := range ownBlocks(was) {
		own[b.start] = true
	}
	at, to := 0, 0 // where the text between two blocks starts
	for i, b := range before {
		a := after[i]
		if string(was.File.Data[at:b.start]) != string(now.File.Data[to:a.start]) ||
			!own[b.start] && string(was.File.Data[b.start:b.end]) != string(now.File.Data[a.start:a.end]) {
			return harmful(now.File, fmt.Sprintf("more than the Kratos configuration would change, at %q", b.name))
		}
		at, to = b.end, a.end
	}
	if string(was.File.Data[at:]) != string(now.File.Data[to:]) {
		return harmful(now.File, "more than the Kratos configuration would change, at its end")
	}
	return nil
}

// same compares two trees except for the parts that are own. It returns the path
// of the first difference.
func same(b, a *Value, path string, own func(string, *Value) bool) (string, bool) {
	if own(strings.TrimPrefix(path, "."), b) {
		return "", true
	}
	if b == nil || a == nil {
		return path, b == a
	}
	if b.Kind != a.Kind || b.Str != a.Str || len(b.Fields()) != len(a.Fields()) || len(b.Items()) != len(a.Items()) {
		return path, false
	}
	for i, f := range b.Fields() {
		g := a.Fields()[i]
		if f.Name != g.Name {
			return path + "." + f.Name, false
		}
		if at, ok := same(f.Value, g.Value, path+"."+f.Name, own); !ok {
			return at, false
		}
	}
	for i, item := range b.Items() {
		if at, ok := same(item, a.Items()[i], fmt.Sprintf("%s.%d", path, i), own); !ok {
			return at, false
		}
	}
	return "", true
}
