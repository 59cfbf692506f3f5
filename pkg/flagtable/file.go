package flagtable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"go.yaml.in/yaml/v4" // names the place of a syntax error, which v3 gets wrong

	"github.com/agext/levenshtein"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Keys returns the names of the options that a file sets.
func (t Table) Keys(file *source.File) ([]string, error) {
	entries, err := t.entries(file)
	return slices.Sorted(maps.Keys(entries)), err
}

// entries returns the values in a file, by option name.
func (t Table) entries(file *source.File) (map[string]*yaml.Node, error) {
	if file == nil {
		return nil, nil
	}
	doc, err := document(file)
	switch {
	case err != nil:
		return nil, err
	case len(doc.Content) == 0:
		return nil, nil
	case doc.Content[0].Kind != yaml.MappingNode:
		return nil, at(file.Name, doc.Content[0], "options must be a mapping, such as %q", t.Options[0].flag.Name+": VALUE")
	}
	entries := map[string]*yaml.Node{}
	seen := map[string]bool{}
	var errs []error
	for pairs := doc.Content[0].Content; len(pairs) > 1; pairs = pairs[2:] {
		key, value := resolve(pairs[0]), resolve(pairs[1])
		switch {
		case !t.has(key.Value):
			suggestion := t.suggest(key.Value, func(o Option) string { return o.flag.Name })
			errs = append(errs, at(file.Name, key, "unknown option %q%s", key.Value, suggestion))
		case seen[key.Value]:
			errs = append(errs, at(file.Name, key, "option %q is set twice", key.Value))
		case t.Blanks && value.ShortTag() == "!!null":
		default:
			entries[key.Value] = value
		}
		seen[key.Value] = true
	}
	return entries, errors.Join(errs...)
}

// document parses the only document of a file.
func document(file *source.File) (*yaml.Node, error) {
	var doc, second yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(file.Data))
	err := documents.Decode(&doc)
	if err == nil {
		if err = documents.Decode(&second); err == nil {
			return nil, at(file.Name, &second, "a second document begins here; options must be one mapping")
		}
	}
	var syntax *yaml.LoadError
	switch {
	case errors.Is(err, io.EOF):
		return &doc, nil
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%s:%d:%d: %s", file.Name, syntax.Mark.Line, max(1, syntax.Mark.Column), syntax.Message)
	}
	return nil, fmt.Errorf("%s: %w", file.Name, err)
}

// resolve returns the target of an alias, at the alias' position.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind != yaml.AliasNode {
		return node
	}
	meant := *node.Alias
	meant.Line, meant.Column = node.Line, node.Column
	return &meant
}

// read sets an option to its value in a file.
func (o Option) read(name string, value *yaml.Node) error {
	items := []*yaml.Node{value}
	if o.isList() && value.Kind == yaml.SequenceNode {
		items = value.Content
	}
	var texts []string
	for _, item := range items {
		item = resolve(item)
		switch {
		case item.Kind != yaml.ScalarNode:
			return at(name, item, "%s must be a %s", o.flag.Name, o.kind())
		case item.ShortTag() == "!!null":
			return at(name, item, "%s has no value; remove the line to use the default", o.flag.Name)
		}
		texts = append(texts, item.Value)
	}
	if err := o.set(texts); err != nil {
		return at(name, value, "%s: %q %w", o.flag.Name, value.Value, err)
	}
	return nil
}

func at(name string, node *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %w", name, node.Line, node.Column, fmt.Errorf(format, args...))
}

// maxTypos is the maximum edit distance of a suggestion.
const maxTypos = 3

// suggest returns a suggestion for an unknown name.
func (t Table) suggest(name string, show func(Option) string) string {
	best, closest := min(maxTypos+1, len(name)), ""
	for _, o := range t.Options {
		if d := levenshtein.Distance(name, o.flag.Name, nil); d < best {
			best, closest = d, show(o)
		}
	}
	if closest == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", closest)
}
