package kratosconf

import (
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Variable is one environment variable. Span is its value in a file, or in a
// text of its own for a process' environment.
type Variable struct {
	Name, Value string
	Span        source.Span
}

// Environ reads a process' environment (KEY=value) as Kratos does: every
// variable whose name fits a key counts.
func Environ(environ []string) []Variable {
	vars := make([]Variable, 0, len(environ))
	for _, kv := range environ {
		name, value, ok := strings.Cut(kv, "=")
		if !ok {
			continue
		}
		// Names that fit no key are dropped before a text is made of them.
		if _, fits := findKey(name); !fits {
			continue
		}
		f := source.New("$"+name, []byte(value))
		vars = append(vars, Variable{Name: name, Value: value, Span: source.Span{File: f, End: len(value)}})
	}
	return vars
}

// Path is the key that the variable sets, "" when there is none.
func (v Variable) Path() string {
	k, _ := findKey(v.Name)
	return k.path
}

// IsBool tells whether the variable is read as a boolean.
func (v Variable) IsBool() bool {
	k, _ := findKey(v.Name)
	return k.hint == hintBool
}

// IsList tells whether the variable is read as a list of texts.
func (v Variable) IsList() bool {
	k, _ := findKey(v.Name)
	return k.hint == hintStringSlice
}

// keyTable holds every path of Kratos' configuration schema (v1.3.1) in the
// order in which ory/x/configx tries them, with the type that decides how an
// environment variable is read.
//
//go:embed keys.tsv
var keyTable string

// Type hints of ory/x/jsonschemax at v0.0.660.
const (
	hintString      = "1"
	hintFloat       = "2"
	hintInt         = "3"
	hintBool        = "4"
	hintJSON        = "5"
	hintStringSlice = "8"
)

// key is a place in the configuration that a variable names.
type key struct{ path, hint string }

// findKey finds the key of a variable: lower case, "_" becomes ".", and the
// first schema path that reads the same wins; "#" stands for an index
// (configx/koanf_env.go, extract).
func findKey(name string) (key, bool) {
	want := strings.ReplaceAll(strings.ToLower(name), "_", ".")
	for rest := keyTable; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if !strings.HasPrefix(line, want[:min(1, len(want))]) {
			continue
		}
		path, hint, _ := strings.Cut(line, "\t")
		if index, ok := fits(path, want); ok {
			return key{strings.ReplaceAll(path, "#", index), hint}, true
		}
	}
	return key{}, false
}

// fits compares a schema path with a name, "_" counting as ".", and answers the
// number that stands for "#". Of two numbers configx keeps only the last, and
// tidwall/sjson changes nothing at the path with the "#" that is left.
func fits(path, want string) (index string, ok bool) {
	i := 0
	for p := range len(path) {
		if path[p] == '#' {
			start := i
			for i < len(want) && isDigit(want[i]) {
				i++
			}
			if start == i || index != "" {
				return "", false
			}
			index = want[start:i]
			continue
		}
		if i >= len(want) || path[p] != want[i] && (path[p] != '_' || want[i] != '.') {
			return "", false
		}
		i++
	}
	return index, i == len(want)
}

func isNumber(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// convert reads a variable's text as the type that the schema gives its key.
func (v Variable) convert(hint string) *Value {
	switch hint {
	case hintBool:
		b, err := strconv.ParseBool(v.Value)
		return v.scalar(Bool, strconv.FormatBool(err == nil && b))
	case hintInt:
		return v.scalar(Int, strconv.FormatInt(toInt(v.Value), 10))
	case hintFloat:
		n, err := strconv.ParseFloat(v.Value, 64)
		if err != nil {
			n = 0
		}
		return v.scalar(Float, strconv.FormatFloat(n, 'g', -1, 64))
	case hintStringSlice:
		if !json.Valid([]byte(v.Value)) {
			return v.csv()
		}
		return v.json()
	case hintJSON:
		return v.json()
	}
	return v.scalar(String, v.Value)
}

// toInt is spf13/cast v1.6.0, which Kratos v1.3.1 is built with: Go's number
// literals, so that a zero in front makes the number octal, and a fraction of
// zeros is cut off.
func toInt(s string) int64 {
	if whole, zeros, ok := strings.Cut(s, "."); ok && zeros != "" && strings.Trim(zeros, "0") == "" {
		s = whole
	}
	n, err := strconv.ParseInt(s, 0, 0)
	if err != nil {
		return 0
	}
	return n
}

func (v Variable) scalar(kind Kind, text string) *Value {
	return &Value{Kind: kind, Str: text, Span: v.Span, Env: v.Name}
}

// csv reads the first record of comma-separated values; Kratos trims nothing.
func (v Variable) csv() *Value {
	record, err := csv.NewReader(strings.NewReader(v.Value)).Read()
	list := v.scalar(List, "")
	if err != nil {
		list.Kind = Null
		return list
	}
	for _, s := range record {
		list.items = append(list.items, v.scalar(String, s))
	}
	return list
}

// json reads a JSON list or object; anything else is null.
func (v Variable) json() *Value {
	f := source.New(v.Span.File.Name, []byte(v.Value))
	f.Foreign = v.Span.File.Foreign
	root, err := ParseJSON(f)
	if err != nil || root.Kind != List && root.Kind != Map {
		return v.scalar(Null, "")
	}
	root.Walk(func(part *Value) { part.Env, part.Span, part.Key = v.Name, v.Span, source.Span{} })
	return root
}
