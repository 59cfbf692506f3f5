package kratosconf_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func parse(t *testing.T, name, text string) *kratosconf.Document {
	t.Helper()
	d, err := kratosconf.Parse(source.New(name, []byte(text)), kratosconf.ParseOptions{})
	require.NoError(t, err)
	return d
}

// plain turns a value into what encoding/json would make of it.
func plain(v *kratosconf.Value) any {
	switch {
	case v.Is(kratosconf.Map):
		m := map[string]any{}
		for _, f := range v.Fields() {
			m[f.Name] = plain(f.Value)
		}
		return m
	case v.Is(kratosconf.List):
		l := []any{}
		for _, item := range v.Items() {
			l = append(l, plain(item))
		}
		return l
	case v.Is(kratosconf.Bool):
		return v.True()
	case !v.Exists(), v.Is(kratosconf.Null):
		return nil
	}
	return v.Str
}

func TestGetIsNilSafe(t *testing.T) {
	var v *kratosconf.Value
	require.Nil(t, v.Get("a.b"))
	require.Nil(t, v.Items())
	require.Nil(t, v.Fields())
	require.False(t, v.True())
	require.False(t, v.Unknown())
	require.Empty(t, v.Opaque())
	require.Nil(t, v.Edit("x"))
	require.Equal(t, kratosconf.Missing, kratosconf.Kind(0))
}

func TestEveryValueKnowsItsPlace(t *testing.T) {
	text := `# comment
selfservice:
  methods:
    passkey:
      enabled: True
      config:
        rp:
          id: "ünï.example"  # quoted
          display_name: 'It''s'
          origins: [https://a.example, "https://b.example"]
          folded: >-
            two
            lines
          anchored: &x !!str plain
          alias: *x
          empty:
`
	for _, bom := range []string{"", "\uFEFF"} {
		d := parse(t, "kratos.yml", bom+text)
		rp := d.Root.Get("selfservice.methods.passkey.config.rp")
		for _, c := range []struct{ path, at, text string }{
			{"id", "kratos.yml:8:16", "ünï.example"},
			{"display_name", "kratos.yml:9:25", ""}, // escaped: no span
			{"origins.0", "kratos.yml:10:21", "https://a.example"},
			{"origins.1", "kratos.yml:10:41", "https://b.example"},
			{"origins", "kratos.yml:10:20", ""},
			{"folded", "kratos.yml:11:19", ""},
			{"anchored", "kratos.yml:14:30", "plain"},
			{"alias", "kratos.yml:14:30", "plain"},
		} {
			v := rp.Get(c.path)
			require.True(t, v.Exists(), c.path)
			require.Equal(t, c.at, v.Span.String(), c.path)
			require.Equal(t, c.text, v.Span.Text(), c.path)
		}
		require.Equal(t, "It's", rp.Get("display_name").Str)
		require.True(t, rp.Get("alias").Shared)
		require.True(t, rp.Get("anchored").Shared)
		require.Nil(t, rp.Get("alias").Edit("y"), "an edit would change both")
		require.Equal(t, "kratos.yml:15:11", rp.Get("alias").Key.String())
		require.Equal(t, "kratos.yml:16:11", rp.Get("empty").Place().String())
		require.True(t, d.Root.Get("selfservice.methods.passkey.enabled").True())
		require.Len(t, rp.Get("id").Edit("x"), 1)
	}
}

func TestSyntaxErrorsHaveTheRightPlace(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"x.yml", "a: [1\nb: 2\n", "x.yml:2:2: did not find expected ',' or ']'"},
		{"x.yml", "a:\n  b: 1\n c: 2\n", "x.yml:3:2: did not find expected key"},
		{"x.yml", "a: *nowhere\n", "x.yml:1:4: unknown anchor 'nowhere' referenced"},
		{"x.yml", "a: &a [*a]\n", "x.yml:1:1: anchor 'a' value contains itself"},
		{"x.yml", "- a\n", "x.yml:1:1: a configuration must be a map of keys, but this file is of type array"},
		{"x.yml", "plain text", "x.yml:1:1: a configuration must be a map of keys, but this file is of type string"},
		{"x.yml", "a: \xff\n", "x.yml:1:4: the byte 0xff is not valid UTF-8"},
		{"x.yml", "a: \"\\q\"\n", "x.yml:1:5: found unknown escape character"},
		{"x.json", `{"a": }`, "x.json:1:7: invalid character '}' looking for beginning of value"},
		{"x.json", `{"a": 1`, "x.json:1:8: the text ends unexpectedly"},
		{"x.json", `{} {}`, "x.json:1:4: invalid character '{' after top-level value"},
	} {
		_, err := kratosconf.Parse(source.New(c.name, []byte(c.text)), kratosconf.ParseOptions{})
		var syntax *kratosconf.SyntaxError
		require.ErrorAs(t, err, &syntax, c.text)
		require.Equal(t, c.want, err.Error(), c.text)
	}
}

func TestDuplicatesAndSecondDocument(t *testing.T) {
	d := parse(t, "x.yml", "---\na: 1\nb: 2\na: 3\n---\nc: 4\n")
	require.Len(t, d.Duplicates, 1)
	require.Equal(t, "a", d.Duplicates[0].Name)
	require.Equal(t, "x.yml:2:1", d.Duplicates[0].First.String())
	require.Equal(t, "x.yml:4:1", d.Duplicates[0].Second.String())
	require.Equal(t, "x.yml:5:1", d.Second.String())
	require.Nil(t, d.Root.Get("c"))
	require.True(t, parse(t, "x.yml", "a: |\n  ---\n  b\n").Second.IsZero())
}

func TestLayersMergeAsKratosDoes(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		env   []string
		path  string
		want  string
	}{
		{
			"maps key by key, lists as a whole",
			[]string{"cookies: {domain: a, path: /}\nsecrets: {default: [x, y]}", "cookies: {domain: b}\nsecrets: {default: [z]}"},
			nil, "", `{"cookies":{"domain":"b","path":"/"},"secrets":{"default":["z"]}}`,
		},
		{"null hides a map", []string{"cookies: {domain: a}", "cookies:"}, nil, "cookies", `null`},
		{
			"a comma-separated list is merged element by element",
			[]string{"selfservice: {methods: {passkey: {config: {rp: {origins: [a, b, c]}}}}}"},
			[]string{"SELFSERVICE_METHODS_PASSKEY_CONFIG_RP_ORIGINS=x, y"},
			"selfservice.methods.passkey.config.rp.origins", `["x"," y","c"]`,
		},
		{
			"an index fills what is before it with null",
			[]string{"selfservice: {methods: {passkey: {config: {rp: {origins: [a, b, c]}}}}}"},
			[]string{"SELFSERVICE_METHODS_PASSKEY_CONFIG_RP_ORIGINS_1=x"},
			"selfservice.methods.passkey.config.rp.origins", `[null,"x","c"]`,
		},
		{
			"an index beyond the end too",
			[]string{"selfservice: {methods: {passkey: {config: {rp: {origins: [a]}}}}}"},
			[]string{"SELFSERVICE_METHODS_PASSKEY_CONFIG_RP_ORIGINS_2=x"},
			"selfservice.methods.passkey.config.rp.origins", `[null,null,"x"]`,
		},
		{
			"one key of a hook",
			[]string{"selfservice: {flows: {login: {after: {passkey: {hooks: [{hook: web_hook, config: {url: u}}, {hook: b}]}}}}}"},
			[]string{"SELFSERVICE_FLOWS_LOGIN_AFTER_PASSKEY_HOOKS_0_CONFIG_URL=x"},
			"selfservice.flows.login.after.passkey.hooks", `[{"config":{"url":"x"},"hook":"web_hook"},{"hook":"b"}]`,
		},
		{"yes is false", nil, []string{"SELFSERVICE_METHODS_PASSKEY_ENABLED=yes"}, "selfservice.methods.passkey.enabled", `false`},
		{"1 is true", nil, []string{"selfservice_methods_passkey_enabled=1"}, "selfservice.methods.passkey.enabled", `true`},
		{"empty is empty", []string{"dsn: memory"}, []string{"DSN="}, "dsn", `""`},
		{"no prefix", []string{"dsn: memory"}, []string{"KRATOS_DSN=x"}, "dsn", `"memory"`},
		{"a list of hooks stays a string", nil, []string{`SELFSERVICE_FLOWS_LOGIN_AFTER_HOOKS=[{"hook":"x"}]`}, "selfservice.flows.login.after.hooks", `"[{\"hook\":\"x\"}]"`},
		{"a JSON list", nil, []string{`SELFSERVICE_METHODS_PASSKEY_CONFIG_RP_ORIGINS=["a","b"]`}, "selfservice.methods.passkey.config.rp.origins", `["a","b"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var docs []*kratosconf.Document
			for _, text := range c.files {
				docs = append(docs, parse(t, "x.yml", text))
			}
			config, err := kratosconf.Load(docs, kratosconf.Environ(c.env))
			require.NoError(t, err)
			got, err := json.Marshal(plain(config.Get(c.path)))
			require.NoError(t, err)
			require.Equal(t, c.want, string(got))
		})
	}
}

func TestAValueRemembersWhatItHides(t *testing.T) {
	base := parse(t, "base.yml", "dsn: one\nsecrets: {default: [a]}\n")
	prod := parse(t, "prod.yml", "dsn: two\n")
	config, err := kratosconf.Load([]*kratosconf.Document{base, prod}, kratosconf.Environ([]string{"DSN=three", "SECRETS_DEFAULT=b"}))
	require.NoError(t, err)
	dsn := config.Get("dsn")
	require.Equal(t, "three", dsn.Str)
	require.Equal(t, "DSN", dsn.Env)
	require.Equal(t, "$DSN:1:1", dsn.Span.String())
	require.Equal(t, "prod.yml:1:6", dsn.Overrode.Span.String())
	require.Equal(t, "base.yml:1:6", dsn.Overrode.Overrode.Span.String())
	require.Equal(t, "base.yml:2:21", config.Get("secrets.default.0").Overrode.Span.String())
	require.Nil(t, dsn.Edit("x"))
	require.Equal(t, "base.yml:2:1", config.Near("secrets.cipher").String())
	require.Equal(t, "prod.yml:1:1", config.Near("selfservice.methods.passkey").String())
}

func TestTemplates(t *testing.T) {
	d := parse(t, "x.yml", `{{- $host := .Values.host }}
id: {{ .Values.id }}
same: "{{ .Values.id }}"
url: https://{{ $host }}/login
at: @HOST@
hash: '##host##'
env: ${HOST:-${OTHER}}
bare: https://$HOST/
under: __HOST__
{{- if .Values.x }}
list: @@list@@
{{- else }}
list: [a]
{{- end }}
mail: me@example.com
price: $5
chunk:
  {{- toYaml .Values.chunk | nindent 2 }}
`)
	require.Equal(t, "{{ .Values.id }}", d.Root.Get("id").Str)
	require.Equal(t, d.Root.Get("id").Opaque(), d.Root.Get("same").Opaque())
	require.Equal(t, "https://{{ $host }}/login", d.Root.Get("url").Str)
	require.Equal(t, "x.yml:4:6", d.Root.Get("url").Span.String())
	require.Equal(t, "https://{{ $host }}/login", d.Root.Get("url").Span.Text())
	require.True(t, strings.HasSuffix(d.Root.Get("url").Opaque(), "/login"))
	require.Equal(t, "@HOST@", d.Root.Get("at").Str)
	require.Equal(t, "##host##", d.Root.Get("hash").Str)
	require.Equal(t, "${HOST:-${OTHER}}", d.Root.Get("env").Str)
	require.Equal(t, "https://$HOST/", d.Root.Get("bare").Str)
	require.Equal(t, "__HOST__", d.Root.Get("under").Str)
	require.True(t, d.Root.Get("list").Unknown(), "two branches differ")
	require.Empty(t, d.Duplicates)
	require.False(t, d.Root.Get("mail").Unknown())
	require.False(t, d.Root.Get("price").Unknown())
	require.True(t, d.Root.Get("chunk").Unknown())
	require.False(t, d.Incomplete)
	require.True(t, d.Template)

	require.True(t, parse(t, "x.yml", "a:\n  b: 1\n  {{- include \"rest\" . }}\nc: 2\n").Incomplete)

	_, err := kratosconf.Parse(source.New("x.yml", []byte("a: {{ x }}\n")), kratosconf.ParseOptions{Rendered: true})
	require.EqualError(t, err, "x.yml:1:1: invalid map key: map[string]interface {}{\"x\":interface {}(nil)}")
}

// FuzzParse holds the reader to yaml.v3's own decoding: the same acceptance and
// the same tree, and every span inside of the file.
func FuzzParse(f *testing.F) {
	f.Add("a: [1\nb: 2\n")
	f.Add("a: &x {b: c}\nd: {<<: *x, b: e}\nf: *x\n")
	f.Add("\uFEFFa: 'it''s'\nb: \"\\u00fc\"\nc: |\n  x\n")
	f.Add("---\na: ~\n---\nb: 1\n")
	f.Add("? a\n: b\n1: 2\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 || !utf8.ValidString(text) {
			return
		}
		var want map[string]any
		wantErr := yaml.Unmarshal([]byte(text), &want)
		d, err := kratosconf.Parse(source.New("x.yml", []byte(text)), kratosconf.ParseOptions{Rendered: true})
		if err != nil || len(d.Duplicates) > 0 {
			require.Error(t, wantErr, text)
			return
		}
		require.NoError(t, wantErr, text)
		within(t, d.File, d.Root, 0)
		_, err = kratosconf.Parse(source.New("x.yml", []byte(text)), kratosconf.ParseOptions{})
		var syntax *kratosconf.SyntaxError
		require.True(t, err == nil || assertAs(err, &syntax))
	})
}

func assertAs(err error, target **kratosconf.SyntaxError) bool {
	e, ok := err.(*kratosconf.SyntaxError) //nolint:errorlint // the contract is the type itself
	*target = e
	return ok
}

func within(t *testing.T, f *source.File, v *kratosconf.Value, depth int) {
	t.Helper()
	if !v.Exists() || depth > 50 {
		return
	}
	require.True(t, v.Span.Start >= 0 && v.Span.Start <= v.Span.End && v.Span.End <= len(f.Data))
	for _, field := range v.Fields() {
		within(t, f, field.Value, depth+1)
	}
	for _, item := range v.Items() {
		within(t, f, item, depth+1)
	}
}
