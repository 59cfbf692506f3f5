package kratosconf

import (
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Variable is an environment variable. Span is its value in a file, or in a text of
// its own for the environment of a process.
type Variable struct {
	Name, Value string
	Span        source.Span
}

// Environ returns the variables of a process' environment (KEY=value) that set a
// key of Kratos' configuration.
func Environ(environ []string) []Variable {
	vars := make([]Variable, 0, len(environ))
	for _, kv := range environ {
		name, value, ok := strings.Cut(kv, "=")
		if !ok {
			continue
		}
		// Skip names without a key before allocating a text.
		if _, fits := findKey(name); !fits {
			continue
		}
		f := source.New("$"+name, []byte(value))
		vars = append(vars, Variable{Name: name, Value: value, Span: source.Span{File: f, End: len(value)}})
	}
	return vars
}

// Path returns the key that the variable sets, "" if there is none.
func (v Variable) Path() string {
	k, _ := findKey(v.Name)
	return k.path
}

// IsBool reports whether the variable is read as a boolean.
func (v Variable) IsBool() bool {
	k, _ := findKey(v.Name)
	return k.hint == hintBool
}

// IsList reports whether the variable is read as a list of strings.
func (v Variable) IsList() bool {
	k, _ := findKey(v.Name)
	return k.hint == hintStringSlice
}

// keyTable contains all paths of Kratos' configuration schema (v1.3.1) in the order
// in which ory/x/configx tries them, with the type that determines how an
// environment variable is parsed.
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

// key is the key that a variable sets.
type key struct{ path, hint string }

// findKey returns the key of a variable: the first schema path that equals the name
// in lower case with "_" replaced by "."; "#" matches an index
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

// fits compares a schema path with a name, treating "_" as ".", and returns the
// number that matches "#". Of two numbers configx only keeps the last, and
// tidwall/sjson ignores the path with the remaining "#".
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

// convert parses a variable's text as the type of its key in the schema.
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

// toInt parses numbers as spf13/cast v1.6.0 does, which Kratos v1.3.1 uses: as Go
// literals, so a leading zero means octal, and without a fraction of zeros.
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

// csv parses the first record of comma-separated values. Like Kratos it does not
// trim spaces.
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

// json parses a JSON list or object; anything else is null.
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
