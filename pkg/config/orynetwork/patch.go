package orynetwork

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Operation is a change of a configuration, as in JSON Patch (RFC 6902).
type Operation struct {
	Op    string // add, replace or remove
	Path  string // a JSON pointer
	Value any    // nothing for remove
}

// Diff returns the operations that turn one document into another, additions first
// and removals last, as the Ory CLI sends them.
func Diff(before, after []byte) ([]Operation, error) {
	var a, b any
	if err := errors.Join(yaml.Unmarshal(before, &a), yaml.Unmarshal(after, &b)); err != nil {
		return nil, err
	}
	ops := diff(nil, "", a, b)
	rank := map[string]int{"add": 0, "replace": 1, "remove": 2}
	slices.SortStableFunc(ops, func(x, y Operation) int { return rank[x.Op] - rank[y.Op] })
	return ops, nil
}

func diff(ops []Operation, path string, a, b any) []Operation {
	if reflect.DeepEqual(a, b) {
		return ops
	}
	if from, to, ok := both[map[string]any](a, b); ok {
		return diffMaps(ops, path, from, to)
	}
	if from, to, ok := both[[]any](a, b); ok {
		return diffLists(ops, path, from, to)
	}
	return append(ops, Operation{Op: "replace", Path: path, Value: b})
}

func both[T any](a, b any) (x, y T, ok bool) {
	x, okX := a.(T)
	y, okY := b.(T)
	return x, y, okX && okY
}

func diffMaps(ops []Operation, path string, a, b map[string]any) []Operation {
	names := make([]string, 0, len(a)+len(b))
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		from, had := a[name]
		to, has := b[name]
		at := path + "/" + escape(name)
		switch {
		case !had:
			ops = append(ops, Operation{Op: "add", Path: at, Value: to})
		case !has:
			ops = append(ops, Operation{Op: "remove", Path: at})
		default:
			ops = diff(ops, at, from, to)
		}
	}
	return ops
}

// diffLists replaces a list of strings as a whole, which is easiest to read. For
// other lists, such as hooks with their keys, it only contains the changes if
// possible.
func diffLists(ops []Operation, path string, a, b []any) []Operation {
	switch {
	case isFlat(b):
		return append(ops, Operation{Op: "replace", Path: path, Value: b})
	case len(a) == len(b):
		for i := range a {
			ops = diff(ops, path+"/"+strconv.Itoa(i), a[i], b[i])
		}
		return ops
	case len(a) < len(b) && reflect.DeepEqual(a, b[:len(a)]):
		for _, v := range b[len(a):] {
			ops = append(ops, Operation{Op: "add", Path: path + "/-", Value: v})
		}
		return ops
	case len(b) < len(a):
		if gone, ok := left(a, b); ok {
			for _, i := range gone {
				ops = append(ops, Operation{Op: "remove", Path: path + "/" + strconv.Itoa(i)})
			}
			return ops
		}
	}
	return append(ops, Operation{Op: "replace", Path: path, Value: b})
}

func isFlat(list []any) bool {
	for _, v := range list {
		switch v.(type) {
		case map[string]any, []any:
			return false
		}
	}
	return true
}

// left returns the indices of the elements of a that are missing in b, last first.
func left(a, b []any) (gone []int, ok bool) {
	for i := len(a) - 1; i >= 0; i-- {
		if len(b) > 0 && reflect.DeepEqual(a[i], b[len(b)-1]) {
			b = b[:len(b)-1]
			continue
		}
		gone = append(gone, i)
	}
	return gone, len(b) == 0
}

// Command returns the command of the Ory CLI for the operations, one per line, for a
// POSIX shell.
func (p *Project) Command(ops []Operation) (string, error) {
	var b strings.Builder
	b.WriteString("ory patch identity-config " + p.ID)
	for _, op := range ops {
		argument := op.Path
		if op.Op != "remove" {
			value, err := compact(op.Value)
			if err != nil {
				return "", fmt.Errorf("write %s as json: %w", op.Path, err)
			}
			argument += "=" + value
		}
		b.WriteString(" \\\n  --" + op.Op + " '" + strings.ReplaceAll(argument, "'", `'\''`) + "'")
	}
	b.WriteString("\n")
	return b.String(), nil
}

func compact(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}
