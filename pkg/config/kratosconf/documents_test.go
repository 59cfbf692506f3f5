package kratosconf_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func requireTree(t *testing.T, d *kratosconf.Document, want string) {
	t.Helper()
	got, err := json.Marshal(plain(d.Root))
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

// TestMergeKeysAndAliases as YAML has them: explicit keys win, and of several
// maps the earlier.
func TestMergeKeysAndAliases(t *testing.T) {
	d := parse(t, "x.yml", "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\none: {<<: *b, x: 5}\ntwo: {<<: [*b, *m], w: 6}\nthree:\n  w: 7\n  <<: {w: 8, v: 9}\n&k key: *b\nfour: {*k : 1}\nfive: *k\nsix: {<<: {x: u}, y: v}\n")
	requireTree(t, d, `{"base":{"x":"1","y":"2"},"five":"key","four":{"key":"1"},"key":{"x":"1","y":"2"},"more":{"y":"3","z":"4"},"one":{"x":"5","y":"2"},"six":{"x":"u","y":"v"},"three":{"v":"9","w":"7"},"two":{"w":"6","x":"1","y":"2","z":"4"}}`)
	for path, shared := range map[string]bool{"base": true, "base.x": true, "one": false, "one.x": false, "one.y": true, "two.z": true, "two.w": false, "three.v": true, "key": true, "key.x": true} {
		require.Equal(t, shared, d.Root.Get(path).Shared, path)
	}
	require.Equal(t, "x.yml:1:17", d.Root.Get("one.y").Key.String())
	require.Equal(t, "x.yml:8:4", d.Root.Get("key").Key.String())
	require.Equal(t, "u", d.Root.Get("six.x").Span.Text(), "what is merged is read last")
}

// TestKindsOfScalars as YAML types them.
func TestKindsOfScalars(t *testing.T) {
	for text, want := range map[string]string{
		"~": "null ", "null": "null ", "": "null ", "true": "boolean true", "12": "integer 12", "0x1F": "integer 0x1F", "1.5": "number 1.5", ".inf": "number .inf",
		"yes": "string yes", "'12'": "string 12", "!!str 12": "string 12", "!!int '12'": "integer 12", "2024-01-01": "string 2024-01-01", "!!binary aGk=": "string aGk=",
	} {
		v := parse(t, "x.yml", "a: "+text+"\n").Root.Get("a")
		require.Equal(t, want, v.Kind.String()+" "+v.Str, text)
	}
}

// TestSpansOfScalars: a scalar has a span if the file contains its text literally,
// otherwise only a position.
func TestSpansOfScalars(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "1:4 plain", "'single'": "1:5 single", `"double"`: "1:5 double", "''": "1:5 ", `""`: "1:5 ", "'it''s'": "1:4 ", `"a\tb"`: "1:4 ", "|\n  block": "1:4 ", ">\n  folded": "1:4 ",
		"!!str tagged": "1:10 tagged", "&a anchored": "1:7 anchored", "&a !!str\tboth": "1:13 both", "!!str &a 'both'": "1:14 both", "two\n  lines": "1:4 ", "ü": "1:4 ü", "'x": "",
		"&a\n  below": "1:6 ", "&a": "1:6 ", "|\n  |\n": "1:4 ", "'it'''": "1:4 ",
	} {
		d, err := kratosconf.Parse(source.New("x", []byte("a: "+text)), kratosconf.ParseOptions{})
		if want == "" {
			require.Error(t, err, text)
			continue
		}
		require.NoError(t, err, text)
		v := d.Root.Get("a")
		require.Equal(t, "x:"+want, v.Span.String()+" "+v.Span.Text(), text)
	}
}

// TestPositionsOnLongLines: columns are runes, offsets are bytes.
func TestPositionsOnLongLines(t *testing.T) {
	text := "{a: ü, \"é\": [€, 𝄞, x], b: 'ß', c: {d: e}}\n"
	for _, bom := range []string{"", "\uFEFF"} {
		d := parse(t, "x.yml", bom+text)
		for _, path := range []string{"a", "é.0", "é.1", "é.2", "b", "c.d"} {
			v := d.Root.Get(path)
			require.Equal(t, v.Str, v.Span.Text(), path)
		}
		require.Equal(t, len(bom)+strings.Index(text, "é"), d.Root.Get("é").Key.Start)
	}
}

// TestPlacesBehindAllLineBreaks that YAML has.
func TestPlacesBehindAllLineBreaks(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r", "\u0085", "\u2028", "\u2029"} {
		d := parse(t, "x.yml", "a: 'x'"+end+end+"bc: y"+end)
		require.Equal(t, "bc", d.Root.Get("bc").Key.Text(), "%q", end)
		require.Equal(t, "y", d.Root.Get("bc").Span.Text(), "%q", end)
	}
}

// TestSecondDocuments: the position at which Kratos stops reading.
func TestSecondDocuments(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\n---\nb: 2\n": "x.yml:2:1", "---\na: 1\n": "", "# c\n---\na: 1\n---": "x.yml:4:1", "%YAML 1.1\n---\na: 1\n": "", "\n\r\n---\na: 1\n": "",
		"a: 1\n--- b\n": "x.yml:2:1", "a: 1\n---\tb\n": "x.yml:2:1", "a: 1\n---\r\nb: 2\n": "x.yml:2:1", "a: 1\n---b: 2\n": "", "a: 1\n ---: 2\n": "", "---\n---\na: 1\n": "", "a: 1": "",
		"{\n}\n---\nb: 2\n": "x.yml:3:1", "a: 1\n\n# c\n---\nb: 2\n": "x.yml:4:1", " \n---\na: 1\n": "", " # c\n---\na: 1\n": "", "\uFEFF# c\n---\na: 1\n": "",
	} {
		d, err := kratosconf.Parse(source.New("x.yml", []byte(text)), kratosconf.ParseOptions{})
		if err != nil {
			require.Equal(t, "a: 1\n ---: 2\n", text, err)
			continue
		}
		if want == "" {
			require.True(t, d.Second.IsZero(), "%q: %s", text, d.Second)
			continue
		}
		require.Equal(t, want, d.Second.String(), text)
		require.Equal(t, "---", d.Second.Text())
	}
}

// TestYAMLErrors: yaml.v3 decides what is an error, yaml.v4 gives its position.
func TestYAMLErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\nb: *x\n":                     "2:4: unknown anchor 'x' referenced",
		"a: b\n  c: d\n":                    "2:4: mapping values are not allowed in this context",
		"a: 'x\n":                           "2:1: found unexpected end of stream",
		"a: !!int x\n":                      "1:1: cannot decode !!str `x` as a !!int",
		"? [a]\n: b\n":                      "1:1: cannot unmarshal !!seq into string",
		"a: 1\n? {b: c}\n: d\n? [e]\n: f\n": "2:1: cannot unmarshal !!map into string",
		"a: 1\na: 2\nb: !!str x":            "",
		"a: 1\n{b, b}: 2\n":                 "2:1: mapping key \"b\" already defined at line 2",
		"<<: 1\n":                           "1:1: map merge requires map or sequence of maps as the value",
		"a: \x01\n":                         "1:1: control characters are not allowed",
		"a: b\n@c: d\n":                     "2:1: found character that cannot start any token",
		"a: !!float x\nb: 1\n":              "1:1: cannot decode !!str `x` as a !!float",
	} {
		_, err := kratosconf.Parse(source.New("x", []byte(text)), kratosconf.ParseOptions{})
		if want == "" {
			require.NoError(t, err, text)
			continue
		}
		require.EqualError(t, err, "x:"+want, text)
	}
}

// TestTOMLValues: kinds and places of everything that TOML has.
func TestTOMLValues(t *testing.T) {
	const text = "i = 12\nb = false\nf = 1.5\nd = 1979-05-27T07:32:00Z\ns = \"double\"\nl = 'single'\nm = \"\"\"\nmulti\"\"\"\na.b.c = 'dotted'\n\"q r\" = 'quoted'\nn = [1, 2, 12, [true]]\nt = {x = 'y', z = ['w', \"v\"]}\ne = 'same'\ng = 'same'\nesc = \"a\\tb\"\nempty = []\no = [7,7]\nu = [\"x\",\",\",'y','y']\np = [{q = 8}, {q = 9}]\n[[h]]\nx = 1\n[[h]]\nx = 2\n[[h.sub]]\ny = 3\n"
	d := parse(t, "x.toml", text)
	for path, want := range map[string]string{
		"i": "integer 12 1:5 12", "b": "boolean false 2:5 false", "f": "number 1.5 3:2 ", "d": "string 1979-05-27 07:32:00 +0000 UTC 4:2 ", "s": "string double 5:6 double", "l": "string single 6:6 single",
		"m": "string multi 7:2 ", "a.b.c": "string dotted 9:10 dotted", "n": "array  11:2 ", "n.0": "integer 1 11:6 1", "n.1": "integer 2 11:9 2", "n.2": "integer 12 11:12 12", "n.3.0": "boolean true 11:17 true",
		"t": "object  12:2 ", "t.x": "string y 12:2 ", "t.z.1": "string v 12:2 ", "e": "string same 13:6 same", "g": "string same 14:6 same", "esc": "string a\tb 15:4 ", "empty": "array  16:6 ",
		"o.1": "integer 7 17:8 7", "u.1": "string , 18:11 ,", "u.2": "string y 18:15 y", "u.3": "string y 18:19 y", "p.1.q": "integer 9 19:2 ",
		"h.0.x": "integer 1 21:5 1", "h.1.x": "integer 2 23:5 2", "h.1.sub.0.y": "integer 3 25:5 3",
		"": "object  1:1 ",
	} {
		v := d.Root.Get(path)
		require.True(t, v.Exists(), path)
		require.Equal(t, want, fmt.Sprintf("%s %s %s %s", v.Kind, v.Str, strings.TrimPrefix(v.Span.String(), "x.toml:"), v.Span.Text()), path)
	}
	require.Equal(t, "quoted", d.Root.Field("q r").Str)
	require.Equal(t, "x.toml:12:1", d.Root.Get("t").Place().String())
	require.Equal(t, "x.toml:12:2", d.Root.Get("t.x").Place().String(), "go-toml keeps no place in an inline table")
	var names []string
	for _, f := range d.Root.Fields() {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"i", "b", "f", "d", "s", "l", "m", "a", "q r", "n", "t", "e", "g", "esc", "empty", "o", "u", "p", "h"}, names, "in the order of the text")
	require.Nil(t, parse(t, "x.toml", "").Root.Get("a"))
	require.Empty(t, parse(t, "x.toml", "a = [0x10, 1]\n#16").Root.Get("a.1").Span.Text(), "found too far behind")
}

func TestTOMLErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a = 1\na = 2\n": "2:1: The following key was defined twice: a",
		"a = \"x\n":      "1:6: unescaped control character U+000A",
		"\n\n[a\n":       "3:2: unexpected token unclosed table key, was expecting a table key",
	} {
		_, err := kratosconf.Parse(source.New("x.toml", []byte(text)), kratosconf.ParseOptions{})
		require.EqualError(t, err, "x.toml:"+want)
	}
}

// TestTOMLFarBehind: what is too far behind its key or its table has no place, so
// that nothing looks through a large file over and over.
func TestTOMLFarBehind(t *testing.T) {
	for gap, want := range map[int]string{1998: "far away", 1999: ""} {
		v := parse(t, "x.toml", "a ="+strings.Repeat(" ", gap-2)+"'far away'\n").Root.Get("a")
		require.Equal(t, "far away", v.Str)
		require.Equal(t, want, v.Span.Text(), "%d bytes", gap)
	}
	for gap, want := range map[int]string{1998: "x.toml:2:1", 1999: "x.toml:1:1"} {
		d := parse(t, "x.toml", "#"+strings.Repeat("-", gap-2)+"\nt={}\n")
		require.Equal(t, want, d.Root.Get("t").Place().String(), "an inline table after %d bytes", gap)
	}
}
