package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v4" // names the place of a syntax error, which v3 gets wrong

	"github.com/agext/levenshtein"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// entries finds the values in a file: a mapping from the options' names.
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
		return nil, at(file.Name, doc.Content[0], "options are a mapping, such as %q", "listen: 127.0.0.1:4477")
	}
	entries := map[string]*yaml.Node{}
	var errs []error
	for pairs := doc.Content[0].Content; len(pairs) > 1; pairs = pairs[2:] {
		key, value := resolve(pairs[0]), resolve(pairs[1])
		switch {
		case !t.has(key.Value):
			suggestion := t.suggest(key.Value, func(o Option) string { return o.flag.Name })
			errs = append(errs, at(file.Name, key, "there is no option %q%s", key.Value, suggestion))
		case entries[key.Value] != nil:
			errs = append(errs, at(file.Name, key, "option %q is there twice", key.Value))
		default:
			entries[key.Value] = value
		}
	}
	return entries, errors.Join(errs...)
}

// document reads the one document of a file.
func document(file *source.File) (*yaml.Node, error) {
	var doc, second yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(file.Data))
	err := documents.Decode(&doc)
	if err == nil {
		if err = documents.Decode(&second); err == nil {
			return nil, at(file.Name, &second, "a second document begins; options are one mapping")
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

// resolve answers what an alias stands for, in its place.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind != yaml.AliasNode {
		return node
	}
	meant := *node.Alias
	meant.Line, meant.Column = node.Line, node.Column
	return &meant
}

// read gives an option the value that a file has for it.
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
			return at(name, item, "%s has to be a %s", o.flag.Name, o.kind())
		case item.ShortTag() == "!!null":
			return at(name, item, "%s has no value; leave the line out where the default shall hold", o.flag.Name)
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

// maxTypos is how many letters a name may be away from the one that is meant, if
// not all of them are.
const maxTypos = 3

// suggest names the option that may be meant.
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
