package conformance_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/olympusoss/oly-passkey/internal/testing/shared"

	"github.com/ory/jsonschema/v3"
	"github.com/ory/x/configx"
	"github.com/ory/x/otelx"
	"github.com/stretchr/testify/require"
)

var updateCatalogue = flag.Bool("update-catalogue", false, "rewrite pkg/config/catalogue/table.txt")

// schemaFiles are the schemas of the versions that the catalogue knows, oldest first.
var schemaFiles = []struct{ version, file string }{
	{"v1.3.1", "v1.3.1.json"},
	{"v25.4.0", "v25.4.0.json"},
	{"v26.2.0", "v26.2.0.json"},
	{"master", "master-2026-07-29.json"},
}

func readSchema(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(shared.Path(t, "kratos-schema/"+name))
	require.NoError(t, err)
	return data
}

func compileSchema(t *testing.T, data []byte) *jsonschema.Schema {
	t.Helper()
	const id = "https://example.com/kratos.json"
	c := jsonschema.NewCompiler()
	c.ExtractAnnotations = true
	require.NoError(t, c.AddResource(id, bytes.NewReader(data)))
	require.NoError(t, otelx.AddConfigSchema(c))
	schema, err := c.Compile(t.Context(), id)
	require.NoError(t, err)
	return schema
}

// schemaDefaults are the defaults that Kratos' loader puts below the files.
func schemaDefaults(t *testing.T, data []byte) map[string]any {
	t.Helper()
	provider, err := configx.NewKoanfSchemaDefaults(data, compileSchema(t, data))
	require.NoError(t, err)
	tree, err := provider.Read()
	require.NoError(t, err)
	return tree
}

// TestCatalogueTable holds the catalogue's table against Kratos' own schemas:
// without annotations, references resolved, equal nodes shared by all versions.
func TestCatalogueTable(t *testing.T) {
	const path = "../../pkg/config/catalogue/table.txt"
	g := &tableWriter{ids: map[string]int{}}
	var heads strings.Builder
	for _, s := range schemaFiles {
		data := readSchema(t, s.file)
		g.root = nil
		require.NoError(t, json.Unmarshal(data, &g.root))
		id := g.node(t, g.root, nil)
		defaults, err := json.Marshal(schemaDefaults(t, data))
		require.NoError(t, err)
		_, _ = fmt.Fprintf(&heads, "%s\t%d\t%s\n", s.version, id, defaults)
	}
	want := heads.String() + strings.Join(g.lines, "\n") + "\n"
	require.Less(t, len(want), 400_000)
	if *updateCatalogue {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o600))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run this test with -update-catalogue")
}

type tableWriter struct {
	root  map[string]any
	ids   map[string]int
	lines []string
}

// annotations are keywords without a say in validation; "require" and
// "additionalItems" beside a single "items" have none either.
var annotations = []string{
	"$id", "$schema", "$comment", "title", "description", "examples", "default", "definitions", "deprecationMessage", "showEnvVarBlockForObject", "require", "additionalItems",
}

// node returns the line of a schema.
func (g *tableWriter) node(t *testing.T, schema map[string]any, open []string) int {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		if !strings.HasPrefix(ref, "#/") {
			return g.line("t=object") // of another document: its keys are not known here
		}
		require.NotContains(t, open, ref, "a recursive definition")
		var target any = g.root
		for part := range strings.SplitSeq(ref[2:], "/") {
			target = target.(map[string]any)[part]
		}
		return g.node(t, target.(map[string]any), append(open, ref))
	}
	one := func(v any) string {
		switch v {
		case true:
			return strconv.Itoa(g.line(""))
		case false:
			return strconv.Itoa(g.line("B="))
		}
		return strconv.Itoa(g.node(t, v.(map[string]any), open))
	}
	many := func(v any) string {
		var ids []string
		for _, s := range v.([]any) {
			ids = append(ids, one(s))
		}
		return strings.Join(ids, ",")
	}
	text := func(v any) string {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		require.NotContains(t, string(b), "\t")
		return string(b)
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(schema)) {
		v := schema[key]
		switch key {
		case "type":
			out = append(out, "t="+strings.NewReplacer(`"`, "", "[", "", "]", "").Replace(text(v)))
		case "const":
			out = append(out, "c="+text(v))
		case "enum":
			require.Len(t, strings.Split(text(v), ","), len(v.([]any)), "a value with a comma")
			require.NotRegexp(t, `[{}\\[\\]]`, strings.Trim(text(v), "[]"))
			out = append(out, "e="+text(v))
		case "format":
			out = append(out, "f="+v.(string))
		case "pattern":
			out = append(out, "p="+v.(string))
		case "minLength":
			out = append(out, "l="+text(v))
		case "maxLength":
			out = append(out, "L="+text(v))
		case "minimum":
			out = append(out, "m="+text(v))
		case "maximum":
			out = append(out, "M="+text(v))
		case "minItems":
			out = append(out, "n="+text(v))
		case "uniqueItems":
			if v.(bool) {
				out = append(out, "u=")
			}
		case "required":
			out = append(out, "r="+strings.NewReplacer(`"`, "", "[", "", "]", "").Replace(text(v)))
		case "properties":
			var fields []string
			props := v.(map[string]any)
			for _, name := range slices.Sorted(maps.Keys(props)) {
				require.NotContains(t, name, ",")
				require.NotContains(t, name, ":")
				fields = append(fields, name+":"+one(props[name]))
			}
			out = append(out, "P="+strings.Join(fields, ","))
		case "patternProperties":
			for _, pattern := range slices.Sorted(maps.Keys(v.(map[string]any))) {
				out = append(out, "R="+one(v.(map[string]any)[pattern])+" "+pattern)
			}
		case "additionalProperties":
			switch v := v.(type) {
			case bool:
				if !v {
					out = append(out, "a=")
				}
			default:
				out = append(out, "a="+one(v))
			}
		case "items":
			out = append(out, "i="+one(v))
		case "not":
			out = append(out, "!="+one(v))
		case "allOf":
			out = append(out, "&="+many(v))
		case "anyOf":
			out = append(out, "|="+many(v))
		case "oneOf":
			out = append(out, "^="+many(v))
		case "if":
			out = append(out, "?="+one(v))
		case "then":
			out = append(out, ">="+one(v))
		case "else":
			out = append(out, "<="+one(v))
		default:
			require.Contains(t, annotations, key, "a keyword that the catalogue does not know")
		}
	}
	return g.line(strings.Join(out, "\t"))
}

func (g *tableWriter) line(text string) int {
	id, ok := g.ids[text]
	if !ok {
		id = len(g.lines)
		g.ids[text] = id
		g.lines = append(g.lines, text)
	}
	return id
}
