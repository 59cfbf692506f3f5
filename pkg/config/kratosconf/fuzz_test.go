package kratosconf

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// FuzzJSON: ParseJSON takes what encoding/json takes, sees the same tree, and
// points into the text.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,true,null,"b\u00e9"],"a":{"c":-1e3}}`))
	f.Add([]byte(`{"a": }`))
	f.Add([]byte("[]x"))
	f.Add([]byte("\"\xff\""))
	f.Fuzz(func(t *testing.T, text []byte) {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var want any
		wantErr := json.Unmarshal(text, &want)
		file := source.New("x.json", text)
		got, err := ParseJSON(file)
		if err != nil {
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.LessOrEqual(t, syntax.Span.End, len(text))
			if wantErr == nil {
				require.Contains(t, err.Error(), "is not valid UTF-8") // encoding/json replaces it silently
			}
			return
		}
		require.NoError(t, wantErr)
		require.NoError(t, d.Decode(&want))
		requireSame(t, want, got, file)
	})
}

func requireSame(t *testing.T, want any, got *Value, file *source.File) {
	t.Helper()
	require.True(t, 0 <= got.Span.Start && got.Span.Start <= got.Span.End && got.Span.End <= len(file.Data))
	switch want := want.(type) {
	case nil:
		require.Equal(t, Null, got.Kind)
	case bool:
		require.Equal(t, Bool, got.Kind)
		require.Equal(t, strconv.FormatBool(want), got.Str)
	case json.Number:
		require.Contains(t, []Kind{Int, Float}, got.Kind)
		require.Equal(t, want.String(), got.Str)
		require.Equal(t, want.String(), got.Span.Text())
	case string:
		require.Equal(t, String, got.Kind)
		require.Equal(t, want, got.Str)
		if got.Span.End > got.Span.Start {
			require.Equal(t, want, got.Span.Text())
		}
	case []any:
		require.Equal(t, List, got.Kind)
		require.Len(t, got.Items(), len(want))
		for i := range want {
			requireSame(t, want[i], got.Items()[i], file)
		}
	case map[string]any:
		require.Equal(t, Map, got.Kind)
		require.Len(t, got.Fields(), len(want))
		for name := range want {
			requireSame(t, want[name], got.Field(name), file)
		}
	}
}

// FuzzMask: placeholders keep every length and every line, and unmasking restores
// the original text.
func FuzzMask(f *testing.F) {
	f.Add("a: {{ .x }}\n{{- if y }}\nb: ${Z}\n{{ end }}\n")
	f.Add("@@X@@ ##y## __Z__ <%= w %> {# c #} $VAR")
	f.Add("{{{{}}}}{{\n}}${{}}")
	f.Fuzz(func(t *testing.T, text string) {
		if IsOpaque(text) {
			return // such runes are ours
		}
		m := maskTemplates([]byte(text))
		require.Len(t, m.data, len(text))
		for i := range len(text) {
			require.Equal(t, text[i] == '\n', m.data[i] == '\n', "a line end at %d", i)
		}
		if len(m.exprs) == 0 {
			return
		}
		// Line by line, because an expression over several lines is cut to its first.
		for line := range strings.SplitSeq(string(m.data), "\n") {
			require.False(t, IsOpaque(m.restore(line)), "%q", line)
		}
	})
}

// FuzzEnviron checks that any environment is applied to a file or rejected,
// and what comes of a variable says so.
func FuzzEnviron(f *testing.F) {
	f.Add("DSN=x\x00SECRETS_DEFAULT=a,b\x00IDENTITY_SCHEMAS_0_ID=y")
	f.Add("SELFSERVICE_METHODS_PASSKEY_ENABLED=1\x00COOKIES={\"domain\":\"x\"}")
	f.Add("IDENTITY_SCHEMAS_2_URL=u\x00=\x00IDENTITY={}")
	f.Fuzz(func(t *testing.T, environ string) {
		d, err := Parse(source.New("x.yml", []byte("dsn: memory\nidentity: {schemas: [{id: a, url: b}]}\ncookies: {domain: c}\n")), ParseOptions{})
		require.NoError(t, err)
		before := d.Root.clone()
		vars := Environ(strings.Split(environ, "\x00"))
		c, err := Load([]*Document{d}, vars)
		require.Equal(t, before, d.Root.clone(), "the file's own values are left alone")
		if err != nil {
			return
		}
		for _, v := range vars {
			require.NotEmpty(t, v.Path())
			require.Equal(t, v.Value, v.Span.Text())
		}
		requireOrigins(t, c.Root, 0)
	})
}

// requireOrigins requires that every scalar comes from the file or from a variable.
func requireOrigins(t *testing.T, v *Value, depth int) {
	t.Helper()
	require.Less(t, depth, 100)
	if v.Kind != Map && v.Kind != List {
		require.True(t, v.Env != "" || v.Span.File != nil, "%+v", v)
	}
	for _, f := range v.Fields() {
		requireOrigins(t, f.Value, depth+1)
	}
	for _, item := range v.Items() {
		requireOrigins(t, item, depth+1)
	}
}
