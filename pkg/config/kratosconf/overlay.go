package kratosconf

import (
	"fmt"
	"strconv"
	"strings"
)

// overlay applies the environment to a configuration as configx does: it collects
// the variables in a tree and sets each leaf, including list elements.
func overlay(root *Value, vars []Variable) (*Value, error) {
	tree := &Value{Kind: Map}
	for _, v := range vars {
		k, _ := findKey(v.Name) // those that fit none are dropped before
		if err := tree.put(strings.Split(k.path, "."), v.convert(k.hint), v); err != nil {
			return nil, err
		}
	}
	if len(tree.fields) == 0 {
		return root, nil
	}
	out := &Value{Kind: Map}
	if root != nil {
		out = root.clone()
	}
	return out, out.putLeaves(nil, tree)
}

func (v *Value) putLeaves(path []string, tree *Value) error {
	switch tree.Kind {
	case Map:
		for _, f := range tree.fields {
			if err := v.putLeaves(append(path[:len(path):len(path)], f.Name), f.Value); err != nil {
				return err
			}
		}
		return nil
	case List:
		for i, item := range tree.items {
			if err := v.putLeaves(append(path[:len(path):len(path)], strconv.Itoa(i)), item); err != nil {
				return err
			}
		}
		return nil
	default:
		return v.put(path, tree, Variable{Name: tree.Env, Span: tree.Span})
	}
}

// put sets a value as tidwall/sjson does: a number below a missing key creates a
// list, and a list that is too short is filled with null.
func (v *Value) put(path []string, value *Value, from Variable) error {
	name := path[0]
	next := value
	if len(path) > 1 {
		next = v.child(name)
		if next.Is(String) && strings.ContainsAny(next.Str, "[{") {
			// tidwall/sjson searches the part within the text, and the result is not
			// JSON.
			return fmt.Errorf("environment variable %q sets a part of %q, which is a string; kratos does not start", from.Name, name)
		}
		if next == nil || next.Kind != Map && next.Kind != List {
			next = &Value{Kind: Map, Span: from.Span, Env: from.Name}
			if isNumber(path[1]) {
				next.Kind = List
			}
		}
		if err := next.put(path[1:], value, from); err != nil {
			return err
		}
	}
	if v.Kind == Map {
		v.replace(name, next)
		return nil
	}
	i, err := strconv.Atoi(name)
	if err != nil || i > maxIndex {
		return fmt.Errorf("environment variable %q sets element %q of a list", from.Name, name)
	}
	for len(v.items) <= i {
		v.items = append(v.items, &Value{Kind: Null, Span: from.Span, Env: from.Name})
	}
	next.Overrode = hidden(v.items[i], next)
	v.items[i] = next
	return nil
}

// maxIndex limits the length of a list that a variable can create.
const maxIndex = 9999

func (v *Value) replace(name string, next *Value) {
	old := v.child(name)
	if old != nil && old != next {
		next.Overrode, next.Key = hidden(old, next), old.Key
	}
	v.set(name, next)
}

// hidden returns the value that another one overrides, nil if they are the same or
// a list was only filled.
func hidden(old, next *Value) *Value {
	if old == next || old.Kind == Null && old.Env != "" {
		return next.Overrode
	}
	return old
}

// clone copies maps and lists; scalars are immutable.
func (v *Value) clone() *Value {
	out := *v
	if v.Kind != Map && v.Kind != List {
		return &out
	}
	out.fields, out.index, out.items = nil, nil, nil
	for _, f := range v.fields {
		out.set(f.Name, f.Value.clone())
	}
	for _, item := range v.items {
		out.items = append(out.items, item.clone())
	}
	return &out
}
