package ui

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLanguage(t *testing.T) {
	all := texts{"en": {}, "de": {}}
	for accept, want := range map[string]string{
		"":                       "en",
		"de":                     "de",
		"de-CH, fr;q=0.9":        "de",
		"fr, de;q=0.5, en;q=0.3": "de",
		"fr;q=1":                 "en",
		"de;q=0, en":             "en",
		"de; q=0":                "en",
		"DE-AT":                  "de",
		",,;;":                   "en",
		"x\"><script>, de;q=abc": "de",
	} {
		require.Equal(t, want, all.language(accept), "%q", accept)
	}
}

// TestEveryTextIsThere checks that every text used by the templates exists.
func TestEveryTextIsThere(t *testing.T) {
	all, err := readTexts(Files)
	require.NoError(t, err)
	asked := regexp.MustCompile(`\.Say "([^"%]+)"`)
	pages, err := fs.Glob(Files, "pages/*.html")
	require.NoError(t, err)
	for _, name := range pages {
		body, err := Files.ReadFile(name)
		require.NoError(t, err)
		for _, match := range asked.FindAllStringSubmatch(string(body), -1) {
			require.Contains(t, all[fallbackLanguage], match[1], "%s asks for it", name)
		}
	}
}

// TestEveryLanguageIsWhole checks that each language has the same keys as English,
// except for Kratos' own messages, which are in English.
func TestEveryLanguageIsWhole(t *testing.T) {
	all, err := readTexts(Files)
	require.NoError(t, err)
	kratos := regexp.MustCompile(`^kratos\.[0-9]+`)
	keys := func(lang string) []string {
		list := slices.Sorted(maps.Keys(all[lang]))
		return slices.DeleteFunc(list, kratos.MatchString)
	}
	field := regexp.MustCompile(`\{[a-z_]+\}`)
	for lang := range all {
		require.Equal(t, keys(fallbackLanguage), keys(lang), lang)
		for _, key := range keys(lang) {
			require.Equal(t, field.FindAllString(all[fallbackLanguage][key], -1), field.FindAllString(all[lang][key], -1), "%s: %s", lang, key)
		}
	}
}

func TestMessage(t *testing.T) {
	s := speaker{lang: "de", all: texts{
		"en": {"kratos.1": "one {a}", "own": "own"},
		"de": {"kratos.3.Title": "Titel", "kratos.2": "zwei {name} {unknown}"},
	}}
	require.Equal(t, "one x", s.message(&Message{ID: 1, Text: "eins", Context: map[string]any{"a": "x"}}))
	require.Equal(t, "zwei 7 {unknown}", s.message(&Message{ID: 2, Context: map[string]any{"name": 7}}))
	require.Equal(t, "as Kratos says", s.message(&Message{ID: 3, Text: "as Kratos says"}))
	require.Equal(t, "Titel", s.message(&Message{ID: 3, Text: "Title"}))
	require.Equal(t, "own", s.message(&Message{ID: 1}, "own"))
	require.Empty(t, s.message(nil))
	require.Equal(t, "missing", s.say("missing"))
}
