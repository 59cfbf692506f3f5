package server_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
)

var update = flag.Bool("update", false, "rewrite docs/api.md")

// TestAPIDocument compares docs/api.md with openapi.json, from which it is generated.
func TestAPIDocument(t *testing.T) {
	golden.File(t, "../../../docs/api.md", []byte(apiDocument(t, readDocument(t))), *update)
}

const apiIntroduction = `# The sidecar's API

Made from [openapi.json](../pkg/sidecar/server/openapi.json), which the server serves at ` + "`/openapi.json`" + `;
` + "`go test ./pkg/sidecar/server -run APIDocument -update`" + ` writes this page again.

A key is sent as ` + "`Authorization: Bearer KEY`" + ` or as ` + "`X-Api-Key: KEY`" + `, once. Every error is an RFC 9457 problem
([problems.md](problems.md)); only a broken request line and a header that is too large, which do not reach the API, are
answered in text. What the answers mean is in [sidecar.md](sidecar.md), what they do not prove in [security.md](security.md).
`

func apiDocument(t *testing.T, d *document) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(apiIntroduction)
	for _, path := range pathsInOrder(d) {
		for _, method := range []string{"get", "post", "delete"} {
			if o, ok := d.Paths[path][method]; ok {
				d.describe(t, &b, strings.ToUpper(method), path, o)
			}
		}
	}
	return b.String()
}

// pathsInOrder groups the paths by what they are about.
func pathsInOrder(d *document) []string {
	order := []string{"/v1/resolve", "/v1/signals", "/v1/identities", "/v1/hooks", "/v1/index", "/openapi.json"}
	var all []string
	for path := range d.Paths {
		all = append(all, path)
	}
	slices.SortFunc(all, func(a, b string) int {
		group := func(path string) int {
			return slices.IndexFunc(order, func(p string) bool { return strings.HasPrefix(path, p) })
		}
		if n := group(a) - group(b); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	return all
}

func (d *document) describe(t *testing.T, b *strings.Builder, method, path string, o operation) {
	t.Helper()
	key := "No key."
	if len(o.Security) > 0 {
		key = "A key of scope `" + o.Security[0]["bearer"][0] + "`."
	}
	fmt.Fprintf(b, "\n## %s %s\n\n%s %s\n", method, path, o.Summary, key)
	for _, p := range o.Parameters {
		if p.Ref != "" {
			continue // the identity's id in the path explains itself
		}
		fmt.Fprintf(b, "\n`?%s=`: %s\n", p.Name, p.Description)
	}
	if o.RequestBody != nil {
		schema := d.schemaOf(t, o.RequestBody.Content["application/json"])
		b.WriteString("\n" + schema.fields() + "\n```json\n" + schema.example(t, 0) + "\n```\n")
	}
	b.WriteString("\n| status | means |\n|---|---|\n")
	var statuses []string
	for status := range o.Responses {
		statuses = append(statuses, status)
	}
	slices.Sort(statuses)
	for _, status := range statuses {
		r, _, _ := d.response(path, method, status)
		fmt.Fprintf(b, "| %s | %s |\n", status, r.Description)
	}
	for _, status := range statuses {
		r, _, _ := d.response(path, method, status)
		content, ok := r.Content["application/json"]
		if !ok || path == "/openapi.json" {
			continue
		}
		schema := d.schemaOf(t, content)
		b.WriteString("\n" + schema.fields())
		if whole := example(t, content); whole != nil {
			schema.Examples = []json.RawMessage{whole}
		}
		for n := range schema.Examples {
			b.WriteString("\n```json\n" + schema.example(t, n) + "\n```\n")
		}
	}
}

type schema struct {
	Ref        string            `json:"$ref"`
	Required   []string          `json:"required"`
	Properties json.RawMessage   `json:"properties"`
	Examples   []json.RawMessage `json:"examples"`
	names      []string
	properties map[string]property
}

type property struct {
	Description string   `json:"description"`
	Enum        []string `json:"enum"`
}

// schemaOf returns the schema of a content, which is always a reference.
func (d *document) schemaOf(t *testing.T, content json.RawMessage) *schema {
	t.Helper()
	var c struct {
		Schema schema `json:"schema"`
	}
	require.NoError(t, json.Unmarshal(content, &c))
	var s schema
	require.NoError(t, json.Unmarshal(d.Components.Schemas[strings.TrimPrefix(c.Schema.Ref, "#/components/schemas/")], &s))
	require.NoError(t, json.Unmarshal(s.Properties, &s.properties))
	dec := json.NewDecoder(bytes.NewReader(s.Properties))
	for depth := 0; ; {
		token, err := dec.Token()
		if err != nil {
			return &s
		}
		switch delim, isDelim := token.(json.Delim); {
		case isDelim && (delim == '{' || delim == '['):
			depth++
		case isDelim:
			depth--
		case depth == 1:
			s.names = append(s.names, fmt.Sprint(token))
			var skipped json.RawMessage
			require.NoError(t, dec.Decode(&skipped))
		}
	}
}

// fields lists what there is to say about the properties, in their order.
func (s *schema) fields() string {
	var b strings.Builder
	for _, name := range s.names {
		p := s.properties[name]
		text := p.Description
		if len(p.Enum) > 0 {
			var words []string
			for _, word := range p.Enum {
				words = append(words, fmt.Sprintf("`%q`", word))
			}
			text = strings.TrimSpace("One of " + strings.Join(words, ", ") + ". " + text)
		}
		if text != "" {
			fmt.Fprintf(&b, "- `%s`: %s\n", name, text)
		}
	}
	return b.String()
}

func (s *schema) example(t *testing.T, n int) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, s.Examples[n], "", "  "))
	return b.String()
}
