package kratosconf_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestJSONErrorsHaveTheRightPlace: encoding/json's decoder counts from wherever
// it has read to, so that most of these once pointed somewhere else.
func TestJSONErrorsHaveTheRightPlace(t *testing.T) {
	for text, want := range map[string]string{
		``:                                    "1:1: the text ends unexpectedly",
		`{"a": "b`:                            "1:9: the text ends unexpectedly",
		"{\n  \"a\": [1,\n":                   "3:1: the text ends unexpectedly",
		`{"a": x}`:                            "1:7: invalid character 'x' looking for beginning of value",
		`{"a": 1, "b": tru}`:                  "1:18: invalid character '}' in literal true (expecting 'e')",
		"{\"a\": 1,\n \"b\": nulx}":           "2:10: invalid character 'x' in literal null (expecting 'l')",
		`{}  x`:                               "1:5: invalid character 'x' after top-level value",
		`{"a": "\q"}`:                         "1:9: invalid character 'q' in string escape code",
		`{"a": 01}`:                           "1:8: invalid character '1' after object key:value pair",
		`[1 2]`:                               "1:4: invalid character '2' after array element",
		`{1:2}`:                               "1:2: invalid character '1' looking for beginning of object key string",
		`{"a": 1} "x`:                         "1:10: invalid character '\"' after top-level value",
		`{"a": {"b": -}}`:                     "1:14: invalid character '}' in numeric literal",
		`{"a": ` + strings.Repeat("[", 10001): "1:10006: invalid character '[' exceeded max depth",
	} {
		_, err := kratosconf.Parse(source.New("x.json", []byte(text)), kratosconf.ParseOptions{})
		require.EqualError(t, err, "x.json:"+want)
		_, err = kratosconf.ParseJSON(source.New("x", []byte(text)))
		require.EqualError(t, err, "x:"+want)
	}
	v, err := kratosconf.ParseJSON(source.New("x", []byte("{\"a\": \"\xff\"}")))
	require.EqualError(t, err, "x:1:8: the byte 0xff is not valid UTF-8")
	require.Nil(t, v)
}

// TestJSONValues: kinds, texts and places.
func TestJSONValues(t *testing.T) {
	const text = "{ \"a\" : \"x\",\"b\":[ 1 ,2.5,-3, 1e3, true,false,null, [ ], {}],\n\t\"c\":{\"d\":\"e\\u0041\",\"d\":\"f\"}, \"k\\n\":99999999999999999999 }"
	v, err := kratosconf.ParseJSON(source.New("x", []byte(text)))
	require.NoError(t, err)
	for _, tc := range []struct {
		path      string
		kind      kratosconf.Kind
		str       string
		at, place string
	}{
		{"a", kratosconf.String, "x", "x:1:10", "x"},
		{"b", kratosconf.List, "", "x:1:17", ""},
		{"b.0", kratosconf.Int, "1", "x:1:19", "1"},
		{"b.1", kratosconf.Float, "2.5", "x:1:22", "2.5"},
		{"b.2", kratosconf.Int, "-3", "x:1:26", "-3"},
		{"b.3", kratosconf.Float, "1e3", "x:1:30", "1e3"},
		{"b.4", kratosconf.Bool, "true", "x:1:35", "true"},
		{"b.5", kratosconf.Bool, "false", "x:1:40", "false"},
		{"b.6", kratosconf.Null, "", "x:1:46", ""},
		{"b.7", kratosconf.List, "", "x:1:52", ""},
		{"b.8", kratosconf.Map, "", "x:1:57", ""},
		{"c", kratosconf.Map, "", "x:2:6", ""},
		{"c.d", kratosconf.String, "f", "x:2:26", "f"},
		{"k\n", kratosconf.Float, "99999999999999999999", "x:2:37", "99999999999999999999"},
	} {
		got := v.Get(tc.path)
		require.True(t, got.Is(tc.kind), tc.path)
		require.Equal(t, tc.str, got.Str, tc.path)
		require.Equal(t, tc.at, got.Span.String(), tc.path)
		require.Equal(t, tc.place, got.Span.Text(), tc.path)
	}
	require.Equal(t, "x:1:4", v.Get("a").Key.String())
	require.Equal(t, "a", v.Get("a").Key.Text())
	require.Equal(t, "x:2:31", v.Get("k\n").Key.String(), "an escaped key has a place and no text")
	require.Empty(t, v.Get("k\n").Key.Text())
	require.Len(t, v.Get("c").Fields(), 1, "of two equal keys the later counts")
}

func TestLargeNumbers(t *testing.T) {
	for text, want := range map[string]kratosconf.Kind{"9223372036854775807": kratosconf.Int, "-9223372036854775808": kratosconf.Int, "9223372036854775808": kratosconf.Float} {
		v, err := kratosconf.ParseJSON(source.New("x", []byte(text)))
		require.NoError(t, err)
		require.True(t, v.Is(want), text)
	}
}

// TestScalarJSON parses JSON that is not a configuration.
func TestScalarJSON(t *testing.T) {
	for text, want := range map[string]string{`"a"`: "string", `1`: "integer", `[]`: "array", `true`: "boolean"} {
		_, err := kratosconf.Parse(source.New("x.json", []byte(text)), kratosconf.ParseOptions{})
		require.EqualError(t, err, "x.json:1:"+map[bool]string{true: "2", false: "1"}[text == `"a"`]+": a configuration must be a map of keys, but this file is of type "+want)
	}
	d, err := kratosconf.Parse(source.New("x.json", []byte(`null`)), kratosconf.ParseOptions{})
	require.NoError(t, err)
	require.Nil(t, d.Root)
}
