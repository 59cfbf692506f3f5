package kratosconf_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

const manifest = `apiVersion: v1
kind: ConfigMap
metadata:
  name: kratos
data:
  notes: |
    kratos.yml: |
      no key of the manifest
    identity schemas stand below
  empty: |
  kratos.yml: |+2  # the configuration

    dsn: memory
    selfservice:
      methods: {passkey: {enabled: true}}
  "user.schema.json": >-
    {"$id": "user"}
  last.json: |
    {"$id": "last"}`

// TestConfigMap reads a kratos.yml and its schemas inside a ConfigMap.
func TestConfigMap(t *testing.T) {
	for _, ending := range []string{"", "\n", "\r\n"} {
		text := manifest + ending
		if ending == "\r\n" {
			text = crlf(manifest) + ending
		}
		d := parse(t, "manifest.yml", text)
		require.Equal(t, "memory", d.Root.Get("dsn").Str)
		require.Equal(t, "manifest.yml:13:10", d.Root.Get("dsn").Span.String())
		require.True(t, d.Root.Get("selfservice.methods.passkey.enabled").True())
		require.Len(t, d.Root.Fields(), 2, "nothing outside of the block")

		user := d.EmbeddedSchema("user.schema.json")
		require.Equal(t, "manifest.yml", user.Name)
		require.Len(t, user.Data, len(text), "every position stays")
		root, err := kratosconf.ParseJSON(user)
		require.NoError(t, err)
		require.Equal(t, "user", root.Get("$id").Str)
		require.Equal(t, "manifest.yml:17:14", root.Get("$id").Span.String())
		root, err = kratosconf.ParseJSON(d.EmbeddedSchema("last.json"))
		require.NoError(t, err)
		require.Equal(t, "last", root.Get("$id").Str)
		require.Nil(t, d.EmbeddedSchema("other.json"))
	}
}

func crlf(text string) string {
	var out []byte
	for _, c := range []byte(text) {
		if c == '\n' {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return string(out)
}

// TestBlocksEndWhereTheyEnd: a block goes on over empty lines and ends at the
// first line that is not indented deeper than its key.
func TestBlocksEndWhereTheyEnd(t *testing.T) {
	for name, tc := range map[string]struct{ text, dsn, schema string }{
		"empty lines":    {"kind: Secret\nstringData:\n  a.yml: |\n    identity:\n\n \n      x: 1\n    dsn: a\n  b: c\n", "a", ""},
		"end of file":    {"kind: Secret\nstringData:\n  a.yml: |\n    identity: {}\n    dsn: a", "a", ""},
		"same column":    {"kind: Secret\na.yml: |\n  identity: {}\n  dsn: a\ndsn: b\n", "a", ""},
		"tabs":           {"kind: Secret\n\ta.yml: |\n\t\t{identity: {}, dsn: a}\n\tb: c\n", "", ""},
		"quoted":         {"kind: 'Secret'\ndata:\n  'a.yml': |-\n    'identity': {}\n    dsn: a\n", "a", ""},
		"quoted, close":  {"kind: Secret\ndata:\n  'a.yml': |\n   identity: {}\n   dsn: a\n", "a", ""},
		"one character":  {"kind: Secret\ndata:\n  a.yml: |\n    identity: {}\n    dsn: a\nx\n", "a", ""},
		"second block":   {"kind: Secret\ndata:\n  a: |\n    dsn: no\n  b: |\n    dsn: b\n    identity: {}\n", "b", ""},
		"neighbours":     {"kind: Secret\ndata:\n  a: |\n  b: |\n    dsn: b\n    identity: {}\n", "b", ""},
		"other kinds":    {"kind: Deployment\ndata:\n  a: |\n    identity: {}\n    dsn: a\n", "", ""},
		"kind in a text": {"x: |\n  kind: ConfigMap\n  a: |\n    identity: {}\ndsn: outer\n", "outer", ""},
		"no kratos.yml":  {"kind: ConfigMap\ndata:\n  a: |\n    dsn: inner\ndsn: outer\n", "outer", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := kratosconf.Parse(source.New("x.yml", []byte(tc.text)), kratosconf.ParseOptions{})
			if name == "tabs" { // YAML allows none
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.dsn, d.Root.Get("dsn").Text())
		})
	}
}

func TestSchemaOnlyBesideAManifest(t *testing.T) {
	d := parse(t, "x.yml", "identity: {}\na.json: |\n  {}\n")
	require.Nil(t, d.EmbeddedSchema("a.json"))
	// Only the block is left, with its line ends; a header inside of another
	// block is text.
	d = parse(t, "x.yml", "kind: ConfigMap\r\nnotes: |\r\n  a.json: |\r\n    inner\r\na.json: |\r\n  {}\r\nidentity: |\r\n  identity: {}\r\nz: 1\r\n")
	f := d.EmbeddedSchema("a.json")
	require.Equal(t, "{}", strings.TrimSpace(string(f.Data)))
	require.Equal(t, 9, strings.Count(string(f.Data), "\r\n"))
	// A brace that is not indented closes nothing.
	d = parse(t, "x.yml", "kind: ConfigMap\nidentity: |\n  identity: {}\na.json: |\n  {\n}\n")
	require.Equal(t, "{", strings.TrimSpace(string(d.EmbeddedSchema("a.json").Data)))
}

// TestNestedConfigurations are Helm values and projects of the Ory Network.
func TestNestedConfigurations(t *testing.T) {
	for name, text := range map[string]string{
		"plain":            "dsn: x\nselfservice: {}\n",
		"plain by schemas": "dsn: x\nidentity: {schemas: []}\n",
		"plain by default": "dsn: x\nidentity: {default_schema_id: a}\n",
		"helm by schemas":  "kratos: {config: {dsn: x, identity: {schemas: []}}}\n",
		"helm by default":  "kratos: {config: {dsn: x, identity: {default_schema_id: a}}}\n",
		"helm":             "kratos: {config: {dsn: x, selfservice: {}}}\n",
		"helm dependency":  "kratos: {kratos: {config: {dsn: x, selfservice: {}}}}\n",
		"project":          "services: {identity: {config: {dsn: x, selfservice: {}}}}\n",
		"project export":   "project: {services: {identity: {config: {dsn: x, selfservice: {}}}}}\n",
		"both":             "dsn: x\nselfservice: {}\nkratos: {config: {dsn: y, selfservice: {}}}\n",
		"unknown":          "dsn: x\nkratos: {config: {dsn: y}}\n",
		"not of that kind": "dsn: x\nselfservice: []\nkratos: {config: {dsn: y, selfservice: text, identity: {schemas: {}}}}\n",
	} {
		require.Equal(t, "x", parse(t, "x.yml", text).Root.Get("dsn").Text(), name)
	}
}

func TestMayBeKratos(t *testing.T) {
	for text, want := range map[string]bool{
		"selfservice:\n":                         true,
		"identity:\n  default_schema_id: x\n":    true,
		"\"identity\": {}\n'selfservice' : {}\n": true,
		"identity:\n":                            false,
		"default_schema_id: x\n":                 false,
		"# selfservice:\n":                       false,
		"myselfservice:\n":                       false,
		"[selfservice]\n":                        false,
	} {
		require.Equal(t, want, kratosconf.MayBeKratos(source.New("x.yml", []byte(text))), text)
	}
	for text, want := range map[string]bool{"[selfservice]\n": true, "[[selfservice.x]]\n": true, "selfservice:\n": false, "[selfserviced]\n": false} {
		require.Equal(t, want, kratosconf.MayBeKratos(source.New("x.TOML", []byte(text))), text)
	}
}
