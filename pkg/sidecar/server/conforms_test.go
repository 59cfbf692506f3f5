package server_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// document is openapi.json, as far as the tests read it.
type document struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Parameters map[string]parameter       `json:"parameters"`
		Responses  map[string]response        `json:"responses"`
		Schemas    map[string]json.RawMessage `json:"schemas"`
	} `json:"components"`

	compiler *jsonschema.Compiler
}

type operation struct {
	Summary     string                `json:"summary"`
	Security    []map[string][]string `json:"security"`
	Parameters  []parameter           `json:"parameters"`
	RequestBody *response             `json:"requestBody"`
	Responses   map[string]response   `json:"responses"`
}

type parameter struct {
	Ref         string `json:"$ref"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

type response struct {
	Ref         string                     `json:"$ref"`
	Description string                     `json:"description"`
	Content     map[string]json.RawMessage `json:"content"`
}

func readDocument(t *testing.T) *document {
	t.Helper()
	raw, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	var d document
	require.NoError(t, json.Unmarshal(raw, &d))
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	d.compiler = jsonschema.NewCompiler()
	d.compiler.AssertFormat()
	require.NoError(t, d.compiler.AddResource("openapi.json", value))
	return &d
}

// response returns a documented response and its place in the document.
func (d *document) response(path, method, status string) (found response, at string, ok bool) {
	found, ok = d.Paths[path][strings.ToLower(method)].Responses[status]
	at = "openapi.json#/paths/" + escape(path) + "/" + strings.ToLower(method) + "/responses/" + status
	if found.Ref != "" {
		found, at = d.Components.Responses[strings.TrimPrefix(found.Ref, "#/components/responses/")], "openapi.json"+found.Ref
	}
	return found, at, ok
}

func escape(part string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(part) }

// validate validates a JSON text against the schema at a place of the document.
func (d *document) validate(t *testing.T, at, text string) {
	t.Helper()
	schema, err := d.compiler.Compile(at)
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err, "%s", text)
	require.NoError(t, schema.Validate(value), "%s", text)
}

// example returns the example of a content, if it has one: then every response is equal
// to it.
func example(t *testing.T, content json.RawMessage) json.RawMessage {
	t.Helper()
	var c struct {
		Example json.RawMessage `json:"example"`
	}
	require.NoError(t, json.Unmarshal(content, &c))
	return c.Example
}

// conforms validates an answer against openapi.json. path is the route's, with
// {id} and the like.
func conforms(t *testing.T, method, path string, status int, contentType, body string) {
	t.Helper()
	d := readDocument(t)
	found, at, ok := d.response(path, method, strconv.Itoa(status))
	require.True(t, ok, "%s %s does not describe status %d", method, path, status)
	if len(found.Content) == 0 {
		require.Empty(t, body)
		return
	}
	require.Contains(t, found.Content, contentType, "%s %s %d", method, path, status)
	d.validate(t, at+"/content/"+escape(contentType)+"/schema", body)
	if whole := example(t, found.Content[contentType]); whole != nil {
		require.JSONEq(t, string(whole), body)
	}
}

// TestOpenAPIExamples validates every example against its schema, and requires one
// for each schema of a request or a response.
func TestOpenAPIExamples(t *testing.T) {
	d := readDocument(t)
	count := 0
	for name, raw := range d.Components.Schemas {
		var schema struct {
			Examples []json.RawMessage `json:"examples"`
		}
		require.NoError(t, json.Unmarshal(raw, &schema))
		for _, example := range schema.Examples {
			count++
			d.validate(t, "openapi.json#/components/schemas/"+name, string(example))
		}
		if name != "Result" && name != "Refusal" { // Result is only a part of others, and Refusal has examples at its operations
			require.NotEmpty(t, schema.Examples, name)
		}
	}
	require.Greater(t, count, 12)
}

// TestOpenAPIHasNoLooseEnds: whatever is referred to is there, and whatever is
// there is referred to.
func TestOpenAPIHasNoLooseEnds(t *testing.T) {
	raw, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	d := readDocument(t)
	var defined []string
	for name := range d.Components.Parameters {
		defined = append(defined, "#/components/parameters/"+name)
	}
	for name := range d.Components.Responses {
		defined = append(defined, "#/components/responses/"+name)
	}
	for name := range d.Components.Schemas {
		defined = append(defined, "#/components/schemas/"+name)
	}
	var used []string
	for _, part := range strings.Split(string(raw), `"$ref": "`)[1:] {
		ref, _, _ := strings.Cut(part, `"`)
		used = append(used, ref)
	}
	slices.Sort(defined)
	slices.Sort(used)
	require.Equal(t, defined, slices.Compact(used))
}
