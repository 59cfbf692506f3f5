package ceremony

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// placeholder in a value of the traits makes the identity nobody's.
const placeholder = "{random}"

// Traits are those of a throw-away identity.
type Traits struct {
	Values map[string]any
	random string // what stands in place of {random}
}

// ReadTraits reads a JSON object of traits. At least one text in it holds
// {random}, for which ten digits are put: so the identity is certainly nobody's,
// and can be found and deleted again.
func ReadTraits(text []byte) (Traits, error) {
	var t Traits
	if err := json.Unmarshal(text, &t.Values); err != nil {
		return t, fmt.Errorf("the traits are no JSON object: %w", err)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1e10))
	if err != nil {
		return t, err
	}
	t.random = fmt.Sprintf("%010d", n)
	t.Values, _ = fillIn(t.Values, t.random).(map[string]any)
	if len(t.own()) == 0 {
		return t, errors.New(`no trait holds {random}; write it into one, such as {"email": "doctor-{random}@example.org"}, so that the identity is certainly nobody's`)
	}
	return t, nil
}

func fillIn(v any, random string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, placeholder, random)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, one := range v {
			out[name] = fillIn(one, random)
		}
		return out
	}
	return v
}

// field is one trait as a form has it.
type field struct {
	Name  string // such as traits.name.first
	Value any
}

// fields lists the traits that have a field, ordered by name.
func (t Traits) fields() []field { return flatten("traits", t.Values) }

func flatten(name string, v any) []field {
	m, ok := v.(map[string]any)
	if !ok {
		return []field{{name, v}}
	}
	var out []field
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, flatten(name+"."+key, m[key])...)
	}
	return out
}

// own lists the texts that nobody else has.
func (t Traits) own() []field {
	return slices.DeleteFunc(t.fields(), func(f field) bool {
		text, ok := f.Value.(string)
		return !ok || !strings.Contains(text, t.random)
	})
}

// areOf tells whether an identity's traits have all texts that nobody else has.
func (t Traits) areOf(identity map[string]any) bool {
	all := flatten("traits", identity)
	for _, f := range t.own() {
		if !slices.ContainsFunc(all, func(other field) bool { return other.Name == f.Name && other.Value == f.Value }) {
			return false
		}
	}
	return true
}

// String names them for people.
func (t Traits) String() string {
	text, err := json.Marshal(t.Values)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
