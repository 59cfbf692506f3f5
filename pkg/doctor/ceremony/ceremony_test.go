package ceremony

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTraits(t *testing.T) {
	traits, err := ReadTraits([]byte(`{"email": "doctor-{random}@example.org", "name": {"first": "Doctor", "last": "{random}"}, "age": 3, "terms": true, "tags": ["{random}"]}`))
	require.NoError(t, err)
	r := traits.random
	require.Len(t, r, 10)
	require.Equal(t, []field{
		{"traits.age", 3.0},
		{"traits.email", "doctor-" + r + "@example.org"},
		{"traits.name.first", "Doctor"},
		{"traits.name.last", r},
		{"traits.tags", []any{"{random}"}},
		{"traits.terms", true},
	}, traits.fields())
	require.Equal(t, []field{{"traits.email", "doctor-" + r + "@example.org"}, {"traits.name.last", r}}, traits.unique())

	name := map[string]any{"first": "other", "last": r}
	require.True(t, traits.matches(map[string]any{"email": "doctor-" + r + "@example.org", "name": name, "more": 1.0}))
	require.False(t, traits.matches(map[string]any{"email": "doctor-" + r + "@example.com", "name": name}))
	require.False(t, traits.matches(map[string]any{"email": "doctor-" + r + "@example.org"}))
	require.False(t, traits.matches(map[string]any{}))

	again, err := ReadTraits([]byte(`{"email": "{random}"}`))
	require.NoError(t, err)
	require.NotEqual(t, r, again.random)
	require.Equal(t, `{"email":"`+again.random+`"}`, again.String())
}

func TestTraitsOfSomebody(t *testing.T) {
	for text, want := range map[string]string{
		`{"email": "ada@example.org"}`: `no trait contains {random}; add it to one, such as {"email": "doctor-{random}@example.org"}, so that the identity belongs to no user`,
		`{}`:                           `no trait contains {random}; add it to one, such as {"email": "doctor-{random}@example.org"}, so that the identity belongs to no user`,
		`null`:                         `no trait contains {random}; add it to one, such as {"email": "doctor-{random}@example.org"}, so that the identity belongs to no user`,
		`[]`:                           "the traits are not a JSON object: json: cannot unmarshal array into Go value of type map[string]interface {}",
		`{"a":`:                        "the traits are not a JSON object: unexpected end of JSON input",
	} {
		_, err := ReadTraits([]byte(text))
		require.EqualError(t, err, want, text)
	}
}

// FuzzReadTraits checks that accepted traits match themselves and no others.
func FuzzReadTraits(f *testing.F) {
	for _, text := range []string{`{"email": "{random}"}`, `{"a": {"b": ["{random}"], "c": "x{random}{random}"}}`, `{"a": null}`, `[]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		traits, err := ReadTraits([]byte(text))
		if err != nil {
			return
		}
		require.True(t, traits.matches(traits.Values))
		require.False(t, traits.matches(map[string]any{}))
		require.Contains(t, traits.String(), traits.random)
	})
}

func TestFind(t *testing.T) {
	path, err := Find("sh")
	require.NoError(t, err)
	require.NotEmpty(t, path)
	_, err = Find("no-such-browser")
	require.EqualError(t, err, `no Chromium at "no-such-browser": exec: "no-such-browser": executable file not found in $PATH`)
	t.Setenv("PATH", "")
	_, err = Find("")
	require.EqualError(t, err, "no Chromium found: install one (apt-get install chromium, dnf install chromium, brew install --cask chromium), or pass its path with --browser")
}
