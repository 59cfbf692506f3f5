package kratosconf_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

const wholeManifest = `apiVersion: v1
kind: ConfigMap
metadata:
  name: kratos
data:
  notes: |
    hands off
  kratos.yml: |
    selfservice: {}
  identity.schema.json: |
    {"properties": {}}
---
kind: Service
metadata: {name: kratos}
`

const wholeValues = `image: {tag: v1}
kratos:
  config:
    selfservice: {}
  identitySchemas:
    identity.schema.json: |
      {"properties": {}}
    notes.txt: |
      hands off
`

func TestHarmless(t *testing.T) {
	for name, c := range map[string]struct{ before, old, new, want string }{
		"nothing":               {wholeManifest, "", "", ""},
		"the configuration":     {wholeManifest, "selfservice: {}\n", "selfservice: {methods: {}}\n    dsn: memory\n", ""},
		"the schema":            {wholeManifest, `{"properties": {}}`, `{"properties": {"traits": {}}}`, ""},
		"a broken schema":       {wholeManifest, `{"properties": {}}`, `{"properties": {}`, `x.yml:1:1: "identity.schema.json" would no longer be what it was`},
		"metadata":              {wholeManifest, "name: kratos\ndata", "name: other\ndata", `x.yml:1:1: "metadata.name" would change, which is not part of the Kratos configuration`},
		"another text":          {wholeManifest, "hands off", "gone", `x.yml:1:1: "data.notes" would change, which is not part of the Kratos configuration`},
		"another document":      {wholeManifest, "Service", "Secret", `x.yml:1:1: "kind" would change, which is not part of the Kratos configuration`},
		"a document less":       {wholeManifest, "---\n", "", `x.yml:1:1: it would have 1 documents instead of 2`},
		"out of its block":      {wholeManifest, "selfservice: {}\n", "selfservice: {}\n  dsn: memory\n", `x.yml:1:1: "data" would change, which is not part of the Kratos configuration`},
		"blanked":               {wholeManifest, strings.SplitAfter(wholeManifest, "hands off\n")[0], strings.Repeat("\n", 7), `x.yml:1:1: it no longer holds a Kratos configuration`},
		"values, configuration": {wholeValues, "selfservice: {}", "selfservice: {methods: {}}", ""},
		"values, schema":        {wholeValues, `{"properties": {}}`, `{"properties": {"traits": {}}}`, ""},
		"values, image":         {wholeValues, "v1", "v2", `x.yml:1:1: "image.tag" would change, which is not part of the Kratos configuration`},
		"values, another text":  {wholeValues, "hands off", "gone", `x.yml:1:1: "kratos.identitySchemas.notes.txt" would change, which is not part of the Kratos configuration`},
		"values, config gone":   {wholeValues, "selfservice", "self", `x.yml:1:1: it no longer holds a Kratos configuration`},
		"plain":                 {"selfservice: {}\n---\nb: 1\n", "selfservice: {}", "selfservice: {}\ndsn: memory", ""},
		"plain, another":        {"selfservice: {}\n---\nb: 1\n", "b: 1", "b: 2", `x.yml:1:1: "b" would change, which is not part of the Kratos configuration`},
		"a key twice":           {"selfservice: {}\n", "{}\n", "{}\nselfservice: {}\n", `x.yml:1:1: the key "selfservice" would stand there twice`},
		"unreadable":            {"selfservice: {}\n", "{}\n", "{\n", `x.yml:2:1: `},
		"a template":            {"{{- if .x }}\n" + wholeManifest + "{{ end }}\n", "selfservice: {}", "selfservice: {methods: {}}", ""},
		"a template, metadata":  {"{{- if .x }}\n{{- include \"a\" . | nindent 2 }}\n: [\n" + wholeManifest, "name: kratos\ndata", "name: other\ndata", `x.yml:1:1: more than the Kratos configuration would change, at "notes"`},
		"a template, a text":    {"{{- if .x }}\n: [\n" + wholeManifest, "hands off", "gone", `x.yml:1:1: more than the Kratos configuration would change, at "notes"`},
		"a template, its end":   {"{{- if .x }}\n: [\n" + wholeManifest, "Service", "Secret", `x.yml:1:1: more than the Kratos configuration would change, at its end`},
	} {
		t.Run(name, func(t *testing.T) {
			after := strings.Replace(c.before, c.old, c.new, 1)
			for _, crlfed := range []bool{false, true} {
				before, after := c.before, after
				if crlfed {
					before, after = crlf(before), crlf(after)
				}
				err := kratosconf.Harmless(source.New("x.yml", []byte(before)), source.New("x.yml", []byte(after)))
				if c.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, c.want)
				}
			}
		})
	}
	schema := func(text string) *source.File { return source.New("identity.schema", []byte(text)) }
	require.NoError(t, kratosconf.Harmless(schema("{\n\t\"properties\": {}}"), schema("{\n\t\"properties\": {\"a\": {}}}")))
	require.Error(t, kratosconf.Harmless(schema(`{"properties": {}}`), schema(`{"properties": {}`)))
}
