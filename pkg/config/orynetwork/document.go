package orynetwork

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Name returns the name of the project's configuration in messages.
func (p *Project) Name() string { return "ory:" + p.ID }

// Document returns the configuration as a kratos.yml with keys in alphabetical
// order, much as "ory get identity-config ID --format yaml" does.
func (p *Project) Document() (*source.File, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(p.Config); err != nil {
		return nil, fmt.Errorf("write the configuration of project %s: %w", p.ID, err)
	}
	return source.New(p.Name(), b.Bytes()), nil
}

// Pointer returns the JSON pointer (RFC 6901) of the value at a position of a
// document: the deepest key or element that begins there or before. It returns ""
// for the document itself, and if it is not YAML.
func Pointer(document []byte, at source.Position) string {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return ""
	}
	found := ""
	walk(&root, "", func(n *yaml.Node, pointer string) {
		if n.Line < at.Line || n.Line == at.Line && n.Column <= at.Column {
			found = pointer
		}
	})
	return found
}

// walk visits keys and values in the order of the text, with the value's pointer.
func walk(n *yaml.Node, pointer string, visit func(*yaml.Node, string)) {
	switch n.Kind {
	case yaml.DocumentNode:
		for _, child := range n.Content {
			walk(child, pointer, visit)
		}
		return
	case yaml.MappingNode:
		visit(n, pointer)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := pointer + "/" + escape(n.Content[i].Value)
			visit(n.Content[i], key)
			walk(n.Content[i+1], key, visit)
		}
		return
	case yaml.SequenceNode:
		visit(n, pointer)
		for i, child := range n.Content {
			walk(child, pointer+"/"+strconv.Itoa(i), visit)
		}
		return
	case yaml.ScalarNode, yaml.AliasNode:
	}
	visit(n, pointer)
}

// escape returns a key as a part of a JSON pointer.
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
