package kratosconf_test

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// shelf is a set of files; it notes what it was asked for.
type shelf struct {
	files map[string]string
	asked []string
}

func (s *shelf) read(name string) (*source.File, error) {
	s.asked = append(s.asked, name)
	text, ok := s.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return source.New(name, []byte(text)), nil
}

func load(t *testing.T, names, texts []string) *kratosconf.Config {
	t.Helper()
	var docs []*kratosconf.Document
	for i, name := range names {
		docs = append(docs, parse(t, name, texts[i]))
	}
	c, err := kratosconf.Load(docs, nil)
	require.NoError(t, err)
	return c
}

// TestWhereSchemasAreLookedFor: the places in their order, the first that has
// the file ends the search.
func TestWhereSchemasAreLookedFor(t *testing.T) {
	const text = "identity: {default_schema_id: user, schemas: [{id: user, url: '%s'}, {id: staff}]}\n"
	for name, tc := range map[string]struct {
		url   string
		asked []string
	}{
		"absolute":         {"file:///etc/k/u.json", []string{"/etc/k/u.json", "b/etc/k/u.json", "b/u.json", "b/kratos.schema.json", "a/etc/k/u.json", "a/u.json", "a/base.schema.json"}},
		"relative":         {"file://s/u.json", []string{"b/s/u.json", "b/u.json", "b/kratos.schema.json", "a/s/u.json", "a/u.json", "a/base.schema.json"}},
		"percent":          {"file://s/u%20x.json", []string{"b/s/u x.json", "b/u x.json", "b/kratos.schema.json", "a/s/u x.json", "a/u x.json", "a/base.schema.json"}},
		"broken percent":   {"file://u%2.json", []string{"b/u%2.json", "b/u%2.json", "b/kratos.schema.json", "a/u%2.json", "a/u%2.json", "a/base.schema.json"}},
		"https":            {"https://h/s/u.json", []string{"b/u.json", "b/kratos.schema.json", "a/u.json", "a/base.schema.json"}},
		"http":             {"http://h/u.json", []string{"b/u.json", "b/kratos.schema.json", "a/u.json", "a/base.schema.json"}},
		"no scheme":        {"/etc/u.json", []string{"b/kratos.schema.json", "a/base.schema.json"}},
		"unknown scheme":   {"ftp://h/u.json", []string{"b/kratos.schema.json", "a/base.schema.json"}},
		"file in template": {"file://{{ .x }}/u.json", []string{"b/kratos.schema.json", "a/base.schema.json"}},
		"host in template": {"https://{{ .x }}/u.json", []string{"b/kratos.schema.json", "a/base.schema.json"}},
		"base64 template":  {"base64://{{ .x }}", []string{"b/kratos.schema.json", "a/base.schema.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := load(t, []string{"a/base.yaml", "b/kratos.yml"}, []string{"dsn: x\n", sprintf(text, tc.url)})
			s := &shelf{files: map[string]string{}}
			schemas := c.IdentitySchemas(kratosconf.SchemaOptions{Read: s.read})
			require.Len(t, schemas, 2)
			require.Equal(t, tc.asked, s.asked)
			require.True(t, schemas[0].Default)
			require.Nil(t, schemas[0].Root)
			require.NoError(t, schemas[0].Err)
			require.False(t, schemas[1].Default)
			require.False(t, schemas[1].URL.Exists())
			for _, place := range tc.asked {
				s := &shelf{files: map[string]string{place: `{"at":"` + place + `"}`}}
				found := c.IdentitySchemas(kratosconf.SchemaOptions{Read: s.read})[0]
				require.Equal(t, place, found.Root.Get("at").Str)
				require.Equal(t, place, s.asked[len(s.asked)-1], "the search goes on")
			}
		})
	}
}

func sprintf(format, arg string) string {
	for i := range len(format) - 1 {
		if format[i:i+2] == "%s" {
			return format[:i] + arg + format[i+2:]
		}
	}
	return format
}

// TestNamedSchemas: what the user named wins over every other place.
func TestNamedSchemas(t *testing.T) {
	c := load(t, []string{"k.yml"}, []string{"identity: {default_schema_id: user, schemas: [{id: user, url: 'base64://e30='}, {id: staff, url: 'base64://e30='}]}\n"})
	s := &shelf{files: map[string]string{"u": `{"at":"u"}`, "d": `{"at":"d"}`, "s": `{"at":"s"}`, "bad": `{`}}
	at := func(named map[string]string) (all []string) {
		for _, found := range c.IdentitySchemas(kratosconf.SchemaOptions{Named: named, Read: s.read}) {
			if found.Err != nil {
				all = append(all, found.Err.Error())
				continue
			}
			all = append(all, found.ID+" "+found.Root.Get("at").Text())
		}
		return all
	}
	require.Equal(t, []string{"user ", "staff "}, at(nil))
	require.Equal(t, []string{"user u", "staff "}, at(map[string]string{"user": "u"}))
	require.Equal(t, []string{"user d", "staff "}, at(map[string]string{"": "d"}))
	require.Equal(t, []string{"user u", "staff s"}, at(map[string]string{"": "d", "user": "u", "staff": "s"}))
	require.Equal(t, []string{"file does not exist", "bad:1:2: the text ends unexpectedly"}, at(map[string]string{"user": "gone", "staff": "bad"}))

	// A configuration without schemas: the one that was named is the default.
	empty := load(t, []string{"k.yml"}, []string{"dsn: x\n"})
	require.Empty(t, empty.IdentitySchemas(kratosconf.SchemaOptions{Read: s.read, Named: map[string]string{"user": "u"}}))
	found := empty.IdentitySchemas(kratosconf.SchemaOptions{Read: s.read, Named: map[string]string{"": "d"}})
	require.Len(t, found, 1)
	require.True(t, found[0].Default)
	require.Equal(t, "d", found[0].Root.Get("at").Str)

	// Of one schema alone every identity is.
	alone := load(t, []string{"k.yml"}, []string{"identity: {schemas: [{id: a}]}\n"})
	require.True(t, alone.IdentitySchemas(kratosconf.SchemaOptions{Read: s.read})[0].Default)
}

func TestInlineSchemas(t *testing.T) {
	schema := `{"$id":"a?b>"}`
	for url, want := range map[string]string{
		"base64://" + base64.StdEncoding.EncodeToString([]byte(schema)):    "",
		"base64://" + base64.URLEncoding.EncodeToString([]byte(schema)):    "",
		"base64://" + base64.RawURLEncoding.EncodeToString([]byte(schema)): "",
		"base64://!!": "illegal base64 data at input byte 0",
		"base64://" + base64.StdEncoding.EncodeToString([]byte("{}x")): "identity schema a:1:3: invalid character 'x' after top-level value",
	} {
		c := load(t, []string{"k.yml"}, []string{"identity: {schemas: [{id: a, url: '" + url + "'}]}\n"})
		found := c.IdentitySchemas(kratosconf.SchemaOptions{Read: (&shelf{}).read})[0]
		if want != "" {
			require.EqualError(t, found.Err, want)
			require.Nil(t, found.Root)
			continue
		}
		require.NoError(t, found.Err)
		require.Equal(t, "a?b>", found.Root.Get("$id").Str)
	}
}

func TestFetchedSchemas(t *testing.T) {
	c := load(t, []string{"k.yml"}, []string{"identity: {schemas: [{id: a, url: 'https://h/a'}, {id: b, url: 'http://h/b'}, {id: c, url: 'file://c'}, {id: d, url: 'https://{{ .h }}/d'}]}\n"})
	s := &shelf{files: map[string]string{"c": `{}`}}
	var fetched []string
	found := c.IdentitySchemas(kratosconf.SchemaOptions{Read: s.read, Fetch: func(url string) (*source.File, error) {
		fetched = append(fetched, url)
		if url == "http://h/b" {
			return nil, errors.New("no route")
		}
		return source.New(url, []byte(`{"x":1}`)), nil
	}})
	require.Equal(t, []string{"https://h/a", "http://h/b"}, fetched)
	require.Equal(t, []string{"c"}, s.asked)
	require.Equal(t, "1", found[0].Root.Get("x").Str)
	require.EqualError(t, found[1].Err, "no route")
	require.NotNil(t, found[2].Root)
	require.Nil(t, found[3].Root)
}

// TestSchemaInTheManifest is the last place.
func TestSchemaInTheManifest(t *testing.T) {
	text := "kind: ConfigMap\ndata:\n  k.yml: |\n    identity: {schemas: [{id: a, url: 'file:///etc/config/a.json'}, {id: b, url: 'file:///b.json'}]}\n  a.json: |\n    {\"x\": 1}\n"
	c := load(t, []string{"first.yml", "k.yml"}, []string{"dsn: x\n", text})
	found := c.IdentitySchemas(kratosconf.SchemaOptions{Read: (&shelf{}).read})
	require.Equal(t, "1", found[0].Root.Get("x").Str)
	require.Equal(t, "k.yml:6:11", found[0].Root.Get("x").Span.String())
	require.Nil(t, found[1].Root)
}
