package kratosconf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestWhatIsATemplate: which texts are template expressions, and what is kept around
// them.
func TestWhatIsATemplate(t *testing.T) {
	for text, known := range map[string]string{ // the expression, "" for none
		"{{ .x }}": "{{ .x }}", "a{{x}}b": "{{x}}", "{{{x}}}": "{{{x}}}", "{{x}}}": "{{x}}", "{{x}": "", "{x}}": "", "{{ \"}}": "{{ \"}}",
		"<%= x %>": "<%= x %>", "<% x": "", "<%>": "", "{%}": "", "{#}": "", "{{}": "", "{{}}": "{{}}", "{%{x%}}": "{%{x%}",
		"${X}": "${X}", "${x}": "${x}", "${_x}": "${_x}", "${X:-{y}}": "${X:-{y}}", "${X:-${Y}}z": "${X:-${Y}}", "${": "", "${}": "", "${1}": "", "${-x}": "", "${X": "", "${X\\n}": "${X\\n}",
		"$XY": "$XY", "$AZ": "$AZ", "$ZA": "$ZA", "$X:Y": "", "$X[Y": "", "${{X}}": "{{X}}", "$X_1": "$X_1", "a$XY.b": "$XY", "$X": "", "$xy": "", "$Xy": "", "$XYz": "", "$1X": "", "$_X": "", "$": "", "$$": "",
		"@x@": "@x@", "@X.y-z@": "@X.y-z@", "@@X@@": "@@X@@", "a@b@c": "", "me@x.org": "", "@x": "", "@x_@": "@x_@", "@@": "", "@1@": "", "@.x@": "", "@-x@": "", "-@x@": "@x@", "@x y@": "",
		"##x##": "##x##", "##X.Y##": "##X.Y##", "##x#": "", "#x#": "", "##1##": "", "####": "", "x##y##": "##y##",
		"__X__": "__X__", "__X_Y__": "__X_Y__", "__X1__": "__X1__", "____X____": "____X____", "__x__": "", "__X_": "", "a__X__": "", "-__X__": "__X__", "__1__": "", "____": "", "__X.Y__": "", "{-X__": "", "_-X__": "",
		"$(X)": "$(X)", "$(x.y-z)": "$(x.y-z)", "$()": "", "$(x y)": "", "$(1)": "",
		"#{x}#": "#{x}#", "#{x.y}": "#{x.y}", "#{}": "", "#x}": "",
		"%%x%%": "%%x%%", "%X_1%": "%X_1%", "%XY%": "", "%C3%A4": "", "%20%30": "", "%xyz%": "",
		"<X>": "<X>", "<your domain>": "<your domain>", "<path:a/b#c>": "<path:a/b#c>", "<>": "", "<1>": "", "<https://x>": "", "a < b": "",
		"[[ x ]]": "[[ x ]]", "[[.x]]": "[[.x]]", "[[]]": "", "[[1]]": "", "[x]": "",
		"((x))": "((x))", "((a:b.c))": "((a:b.c))", "(())": "", "(x)": "",
		"ref+vault://a/b#c": "ref+vault://a/b#c", "xref+a": "", "vault:a/b#c": "vault:a/b#c", "vault:a/b": "", "xvault:a#b": "",
		"ENC[AES256_GCM,data:x]": "ENC[AES256_GCM,data:x]", "ENC[]": "",
		"URL_BASE": "URL_BASE", "https://URL_BASE/": "URL_BASE", "a-B_C.d": "B_C", "X_PLACEHOLDER": "X_PLACEHOLDER", "URL": "", "URL-BASE": "", "Url_Base": "", "aB_C": "", "_A_B": "",
		"AbCdEfGhIjKlMnOpQrStUvWxYz012345-A_B-": "",
	} {
		d := parse(t, "x.yml", "a: 'b"+" "+text+" c'\n")
		v := d.Root.Get("a")
		require.Equal(t, "b "+text+" c", v.Str, "the text is as it was written")
		require.Equal(t, "b "+text+" c", v.Span.Text())
		require.Equal(t, known != "", v.Unknown(), text)
		if known == "" {
			require.Equal(t, v.Str, v.Opaque())
			continue
		}
		before, after, _ := strings.Cut("b "+text+" c", known)
		opaque := v.Opaque()
		require.True(t, strings.HasPrefix(opaque, before), "%s: %q", text, opaque)
		require.True(t, strings.HasSuffix(opaque, after), "%s: %q", text, opaque)
		inner := opaque[len(before) : len(opaque)-len(after)]
		require.Len(t, inner, len(known), "every other byte keeps its place")
		require.True(t, kratosconf.IsOpaque(inner))
		require.False(t, kratosconf.IsOpaque(before+after))
		require.Equal(t, strings.Repeat("x", len(known)-3), inner[3:])
	}
}

// TestUnquotedPlaceholders are those that YAML could not read.
func TestUnquotedPlaceholders(t *testing.T) {
	for _, text := range []string{"%DOMAIN%", "%%x%%", "#{x}#", "[[ x ]]", "((x))", "<x>", "$(X)", "URL_BASE"} {
		d := parse(t, "x.yml", "a: "+text+" # note\nb: [ "+text+" ]\n")
		for _, v := range []*kratosconf.Value{d.Root.Get("a"), d.Root.Get("b.0")} {
			require.True(t, v.Unknown(), text)
			require.Equal(t, text, v.Str)
			require.False(t, v.Editable())
			require.Empty(t, v.Edit("x"))
			require.Empty(t, v.Replace("x"))
			require.Equal(t, text, kratosconf.Placeholder("a "+text))
		}
	}
	rendered, err := kratosconf.Parse(source.New("x.yml", []byte("a: URL_BASE\nb: <x>\n")), kratosconf.ParseOptions{Rendered: true})
	require.NoError(t, err)
	require.False(t, rendered.Root.Get("a").Unknown())
	require.Equal(t, "URL_BASE", rendered.Root.Get("a").Str)
	schema, err := kratosconf.ParseJSON(source.New("x.json", []byte(`{"pattern": "<X>", "title": "FIRST_NAME"}`)))
	require.NoError(t, err)
	require.False(t, schema.Get("title").Unknown())
	require.False(t, schema.Get("pattern").Unknown())
	require.Empty(t, kratosconf.Placeholder("https://auth.example.com/"))
}

// TestTemplatesInComments count for nothing, wherever a line of its own holds
// one. A "#" within a line opens no comment here: it may be part of a text.
func TestTemplatesInComments(t *testing.T) {
	for text, template := range map[string]bool{
		"# {{ if x }}\n  # {{ y }}\na: b # {{ z }}\n#{{w}}": false,
		"a: b\n # {{ if x }}\n# {{ if x }}":                 false,
		" # {{ if x }}\na: b\n":                             false,
		"a: {\n\t# {{ if x }}\n\tb: c}\n":                   false,
		"a: b\n\n# {{ if x }}\n# c\n{{ if y }}\n":           true,
		"a: 'b'\nc: |\n  d # {{ if x }}\n":                  true,
	} {
		d := parse(t, "x.yml", text)
		require.Equal(t, template, d.Template, text)
		require.False(t, d.Incomplete, text)
	}
}

// TestLinesOfTemplates: what an expression on a line of its own may leave open.
func TestLinesOfTemplates(t *testing.T) {
	for name, tc := range map[string]struct {
		text                 string
		template, incomplete bool
		a, b                 string
	}{
		"condition":          {"{{ if .x }}\na: 1\n{{ end }}\nb: 2\n", true, false, "1", "2"},
		"jinja":              {"{% if x %}\na: 1\n{% endif %}\n{# note #}\nb: 2\n", true, false, "1", "2"},
		"erb":                {"<% if x %>\na: 1\n<% end %>\nb: <%= y %>\n", true, false, "1", "<%= y %>"},
		"erb value":          {"<%= x %>\na: 1\nb: 2\n", false, true, "1", "2"},
		"range":              {"{{- range .x }}\na: 1\n{{- end -}}\nb: 2\n", true, false, "1", "2"},
		"with":               {"{{with .x}}\na: 1\n{{else}}\nb: 2\n{{end}}\n", true, false, "1", "2"},
		"define and block":   {"{{ define \"x\" }}\na: 1\n{{ end }}{{ block \"y\" . }}\nb: 2\n{{ end }}\n", true, false, "1", "2"},
		"break and continue": {"a: 1\n{{ break }}\n{{ continue }}\nb: 2\n", true, false, "1", "2"},
		"assignment":         {"{{ $x := 1 }}\na: 1\n{{ $x = 2 }}\nb: 2\n", true, false, "1", "2"},
		"comments":           {"{{/* x */}}\na: 1\n{{! x }}\n{{# x }}\nb: 2\n", true, false, "1", "2"},
		"close together":     {"{{if(.x)}}\na: 1\n{{$x:=1}}{{-else-}}\n{{\tend\t}}\nb: 2\n", true, false, "1", "2"},
		"comparison":         {"{{ $x == 1 }}\na: 1\nb: 2\n", false, true, "1", "2"},
		"include":            {"{{ include \"x\" . }}\na: 1\nb: 2\n", false, true, "1", "2"},
		"iffy":               {"{{ iffy }}\na: 1\nb: 2\n", false, true, "1", "2"},
		"value below a key":  {"a:\n  {{ .x }}\nb: 2\n", false, false, "{{ .x }}", "2"},
		"item":               {"a:\n  -\n    {{ .x }}\nb: 2\n", false, false, "", "2"},
		"no item":            {"a: '-'\nb: 2\n{{ .x }}\n", false, true, "-", "2"},
		"both on a line":     {"a: {{ if .x }}1{{ end }}\nb: 2\n", true, false, "{{ if .x }}1{{ end }}", "2"},
		"around an entry":    {"{{ if .x }}a: 1{{ end }}\nb: 2\n", true, true, "1", ""},
		"around a value":     {"{{ if .x }}a: {{ .y }}{{ end }}\nb: 2\n", true, true, "", "2"},
		"over an entry":      {"{{ if .x }}c: {{ .y }}\n{{ end }}\na: 1\nb: 2\n", true, true, "1", "2"},
		"behind an entry":    {"{{ .x }}: 3{{ end }}\na: 1\nb: 2\n", true, true, "1", "2"},
		"value and control":  {"a: 1\n{{ .x }}{{ end }}\nb: 2\n", true, true, "1", "2"},
		"two values":         {"a: {{ .x }}{{ .y }}\nb: {{ .z }} w\n", false, false, "{{ .x }}{{ .y }}", "{{ .z }} w"},
		"a key":              {"{{ .x }}: 3\na: 1\nb: 2\n", false, true, "1", "2"},
		"marks in a word":    {"c@d@: 3\na: 1\nb: 2\n", false, false, "1", "2"},
		"braces of three":    {"{{{ if }}}\na: 1\nb: 2\n", false, true, "1", "2"},
		"variable":           {"{{ $x }}\na: 1\nb: 2\n", false, true, "1", "2"},
		"no variable":        {"{{ x = 1 }}\na: 1\nb: 2\n", false, true, "1", "2"},
		"shell over lines":   {"a: ${X\n  }\nb: 2\n", false, false, "${X }", "2"},
		"opened at the end":  {"b: 2\na: ${", false, false, "${", "2"},
		"never closed":       {"b: 2\na: ${X", false, false, "${X", "2"},
		"over lines":         {"{{ if\n .x }}\na: 1\n{{ end }}\nb: 2\n", true, false, "1", "2"},
		"value over lines":   {"a: {{ x\n  y }}\nb: 2\n", false, false, "{{ x\n  y }}", "2"},
		"crlf":               {"{{ if .x }}\r\na: 1\r\n{{ end }}\r\nb: 2\r\n", true, false, "1", "2"},
		"end of file":        {"a: 1\nb: 2\n{{ end }}", true, false, "1", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			d := parse(t, "x.yml", tc.text)
			require.Equal(t, tc.template, d.Template, "template")
			require.Equal(t, tc.incomplete, d.Incomplete, "incomplete")
			require.Equal(t, tc.a, d.Root.Get("a").Text())
			require.Equal(t, tc.b, d.Root.Get("b").Text())
		})
	}
	require.Equal(t, "{{ .x }}", parse(t, "x.yml", "a:\n  -\n    {{ .x }}\nb: 2\n").Root.Get("a.0").Text())
}

// TestTwoBranches: a key in both branches of a condition is what both say, or
// unknown.
func TestTwoBranches(t *testing.T) {
	branches := func(one, other string) *kratosconf.Value {
		d := parse(t, "x.yml", "{{ if .x }}\na: "+one+"\n{{ else }}\na: "+other+"\n{{ end }}\n")
		require.Empty(t, d.Duplicates)
		return d.Root.Get("a")
	}
	require.Equal(t, "1", branches("1", "1").Str)
	require.False(t, branches("1", "1").Unknown())
	require.Equal(t, "1", branches("!!str 1", "!!str 1").Str, "what only decoding can check is checked without the two")
	for _, pair := range [][2]string{{"1", "2"}, {"1", "'1'"}, {"[1]", "[1]"}, {"{b: 1}", "1"}, {"1", "{b: 1}"}, {"[1]", "1"}} {
		v := branches(pair[0], pair[1])
		require.True(t, v.Unknown(), "%v", pair)
		require.True(t, v.Is(kratosconf.String), "%v", pair)
		require.Empty(t, v.Items())
		require.Empty(t, v.Fields())
		require.True(t, kratosconf.IsOpaque(v.Opaque()))
		require.Equal(t, 5, v.Key.Position().Line-0+1, "%v", pair)
	}
	both := branches("{b: 1, c: 2}", "{c: 3, d: 4}")
	require.Equal(t, "1", both.Get("b").Text())
	require.Equal(t, "3", both.Get("c").Text())
	require.Equal(t, "4", both.Get("d").Text())
	// Without any condition the second counts, and is told.
	d := parse(t, "x.yml", "a: 1\na: 2\nb: {{ .x }}\n")
	require.Len(t, d.Duplicates, 1)
	require.Equal(t, "2", d.Root.Get("a").Str)
}

// TestSameExpressionsAreEqual, in other files too, and others are not.
func TestSameExpressionsAreEqual(t *testing.T) {
	one := parse(t, "a.yml", "x: 'https://{{ .host }}/'\ny: '{{ .host }}'\nz: '{{ .port }}'\n").Root
	two := parse(t, "b.yml", "w: '{{ .other }}'\nx: 'https://{{ .host }}/'\n").Root
	require.Equal(t, one.Get("x").Opaque(), two.Get("x").Opaque())
	require.NotEqual(t, one.Get("y").Opaque(), one.Get("z").Opaque())
	require.NotEqual(t, two.Get("w").Opaque()[:3], two.Get("x").Opaque()[8:11])
	require.Equal(t, "https://{{ .host }}/", two.Get("x").Str)
}

// TestExpressionsThatMeet: two expressions whose hashes collide at the first or the
// last rune are still two values.
func TestExpressionsThatMeet(t *testing.T) {
	for _, pair := range [][2]string{{"{{ .jen }}", "{{ .umm }}"}, {"{{ .ehe }}", "{{ .ejm }}"}} {
		root := parse(t, "x.yml", "a: "+pair[0]+"\nb: "+pair[1]+"\nc: "+pair[0]+"\n").Root
		for i, name := range []string{"a", "b"} {
			require.Equal(t, pair[i], root.Get(name).Str)
			require.True(t, root.Get(name).Unknown(), pair[i])
		}
		require.NotEqual(t, root.Get("a").Opaque(), root.Get("b").Opaque(), "%v", pair)
		require.Equal(t, root.Get("a").Opaque(), root.Get("c").Opaque(), "%v", pair)
	}
}

// TestLongestExpression: braces that are farther apart are plain text.
func TestLongestExpression(t *testing.T) {
	for length, unknown := range map[int]bool{4096: true, 4097: false} {
		text := "{{" + strings.Repeat("y", length-4) + "}}"
		require.Equal(t, unknown, parse(t, "x.yml", "a: '"+text+"'\n").Root.Get("a").Unknown(), "%d bytes", length)
	}
}

// TestManyExpressions: a thousand different ones are a thousand different values.
func TestManyExpressions(t *testing.T) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "k%d: {{ .x%d }}\n", i, i)
	}
	seen := map[string]bool{}
	for i, f := range parse(t, "x.yml", text.String()).Root.Fields() {
		require.Equal(t, fmt.Sprintf("{{ .x%d }}", i), f.Value.Str)
		require.True(t, f.Value.Unknown())
		seen[f.Value.Opaque()[:3]] = true
	}
	require.Len(t, seen, 1000)
	require.Len(t, parse(t, "x.yml", "{{ .x }}: 1").Root.Fields(), 1, "at the end of the file")
}

// TestJSONWithTemplates is read as YAML, which takes bare placeholders.
func TestJSONWithTemplates(t *testing.T) {
	d := parse(t, "x.json", `{"a": {{ .x }}, "b": "c"}`)
	require.Equal(t, "{{ .x }}", d.Root.Get("a").Str)
	d = parse(t, "x.json", "{\n{{ if x }}\n\"a\": 1\n{{ end }}\n}")
	require.Equal(t, "1", d.Root.Get("a").Str)
	d = parse(t, "x.json", "{\n{{ if x }}\n\"a\": 1,\n{{ else }}\n\"b\": 2,\n{{ end }}\n}")
	require.Equal(t, "2", d.Root.Get("b").Str, "YAML takes a comma at the end")
	_, err := kratosconf.Parse(source.New("x.json", []byte("{a: 1}")), kratosconf.ParseOptions{})
	require.EqualError(t, err, "x.json:1:2: invalid character 'a' looking for beginning of object key string")
}

// TestTemplateErrors: a file that may well be right once it is rendered says so.
func TestTemplateErrors(t *testing.T) {
	requireTemplate := func(name, text string, want bool) {
		_, err := kratosconf.Parse(source.New(name, []byte(text)), kratosconf.ParseOptions{})
		var syntax *kratosconf.SyntaxError
		require.ErrorAs(t, err, &syntax, text)
		require.Equal(t, want, syntax.Template, text)
	}
	for text, want := range map[string]bool{
		"{{ if x }}\n- a\n{{ end }}\n": true, "{{ include x }}\n- a\n": true, "- a\n": false, "- {{ .x }}\n": false,
		"{{ if x }}\na: [\n{{ end }}\n": true, "a: {{ .x }}\nb: [\n": true, "{{ include x }}\na: [\n": true, "a: [\n": false,
	} {
		requireTemplate("x.yml", text, want)
	}
	for text, want := range map[string]bool{
		"a = {{ .x }}\n": true, "{{ if x }}\na = \n{{ end }}\n": true, "{{ include x }}\na = \n": true, "a = \n": false,
	} {
		requireTemplate("x.toml", text, want)
	}
}

// TestRunesOfOurs: a file may itself contain the runes that replace expressions.
func TestRunesOfOurs(t *testing.T) {
	for text, want := range map[string]bool{"\u9fff": false, "\ue000": true, "\uf8ff": true, "\uf900": false, "x\ue001": true, "": false} {
		require.Equal(t, want, kratosconf.IsOpaque(text), "%q", text)
	}
	d := parse(t, "x.yml", "a: '\ue000x'\n'\ue001': b\n")
	require.False(t, d.Root.Get("a").Unknown())
	require.False(t, d.Incomplete)
	d = parse(t, "x.yml", "{{ .k }}: 1\na: {{ .x }}\n")
	require.Equal(t, "{{ .k }}", d.Root.Fields()[0].Name)
	require.True(t, d.Incomplete)
}

func TestNoTextAtAll(t *testing.T) {
	for text, want := range map[string]string{
		"\xff\xfea\x00": "x.yml:1:1: the file is UTF-16; save it as UTF-8",
		"\xfe\xff\x00a": "x.yml:1:1: the file is UTF-16; save it as UTF-8",
		"a: ü\xc3":      "x.yml:1:5: the byte 0xc3 is not valid UTF-8",
		"\xed\xa0\x80":  "x.yml:1:1: the byte 0xed is not valid UTF-8",
		"\ufffd: \xfe":  "x.yml:1:4: the byte 0xfe is not valid UTF-8",
	} {
		_, err := kratosconf.Parse(source.New("x.yml", []byte(text)), kratosconf.ParseOptions{})
		require.EqualError(t, err, want)
	}
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "~\n", "null\n"} {
		d := parse(t, "x.yml", text)
		require.Nil(t, d.Root, "%q", text)
	}
}
