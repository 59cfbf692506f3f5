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

// placeholder is replaced with random digits, so that the identity is unique.
const placeholder = "{random}"

// Traits are the traits of a temporary identity.
type Traits struct {
	Values map[string]any
	random string // the value of {random}
}

// ReadTraits parses a JSON object of traits, and replaces {random} in its strings
// with ten random digits. At least one string must contain {random}, so that the
// identity belongs to no user, and can be found and deleted afterwards.
func ReadTraits(text []byte) (Traits, error) {
	var t Traits
	if err := json.Unmarshal(text, &t.Values); err != nil {
		return t, fmt.Errorf("the traits are not a JSON object: %w", err)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1e10))
	if err != nil {
		return t, err
	}
	t.random = fmt.Sprintf("%010d", n)
	t.Values, _ = fillIn(t.Values, t.random).(map[string]any)
	if len(t.unique()) == 0 {
		return t, errors.New(`no trait contains {random}; add it to one, such as {"email": "doctor-{random}@example.org"}, so that the identity belongs to no user`)
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

// field is a trait as a form field.
type field struct {
	Name  string // such as traits.name.first
	Value any
}

// fields returns the traits that have a field, ordered by name.
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

// unique returns the fields with the random value.
func (t Traits) unique() []field {
	return slices.DeleteFunc(t.fields(), func(f field) bool {
		text, ok := f.Value.(string)
		return !ok || !strings.Contains(text, t.random)
	})
}

// matches reports whether an identity's traits contain all unique fields.
func (t Traits) matches(identity map[string]any) bool {
	all := flatten("traits", identity)
	for _, f := range t.unique() {
		if !slices.ContainsFunc(all, func(other field) bool { return other.Name == f.Name && other.Value == f.Value }) {
			return false
		}
	}
	return true
}

// String returns the traits as JSON.
func (t Traits) String() string {
	text, err := json.Marshal(t.Values)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
