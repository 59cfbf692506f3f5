package sidecar_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// conforms validates an answer against openapi.json. path is the route's, with
// {id} and the like.
func conforms(t *testing.T, method, path string, status int, contentType, body string) {
	t.Helper()
	raw, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("openapi.json", doc))

	var described struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]json.RawMessage `json:"content"`
			} `json:"responses"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(raw, &described))
	response, ok := described.Paths[path][strings.ToLower(method)].Responses[strconv.Itoa(status)]
	require.True(t, ok, "%s %s does not describe status %d", method, path, status)
	if len(response.Content) == 0 {
		require.Empty(t, body)
		return
	}
	require.Contains(t, response.Content, contentType, "%s %s %d", method, path, status)
	escape := strings.NewReplacer("~", "~0", "/", "~1").Replace
	schema, err := c.Compile("openapi.json#/paths/" + escape(path) + "/" + strings.ToLower(method) +
		"/responses/" + strconv.Itoa(status) + "/content/" + escape(contentType) + "/schema")
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	require.NoError(t, err, "%s", body)
	require.NoError(t, schema.Validate(value), "%s", body)
}
