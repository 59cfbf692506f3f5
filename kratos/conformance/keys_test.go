package conformance_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ory/jsonschema/v3"
	"github.com/ory/kratos/embedx"
	"github.com/ory/x/jsonschemax"
	"github.com/ory/x/logrusx"
	"github.com/ory/x/otelx"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite pkg/config/kratosconf/keys.tsv")

// TestKeyTable holds the table of keys that environment variables are matched
// with against Kratos' own schema: every path, in the order in which ory/x tries
// them, with its type hint.
func TestKeyTable(t *testing.T) {
	const path = "../../pkg/config/kratosconf/keys.tsv"
	const id = "https://example.com/kratos.json"
	c := jsonschema.NewCompiler()
	c.ExtractAnnotations = true
	require.NoError(t, c.AddResource(id, bytes.NewReader([]byte(embedx.ConfigSchema))))
	require.NoError(t, otelx.AddConfigSchema(c))
	require.NoError(t, logrusx.AddConfigSchema(c))
	schema, err := c.Compile(t.Context(), id)
	require.NoError(t, err)
	keys, err := jsonschemax.ListPathsWithInitializedSchemaAndArraysIncluded(schema)
	require.NoError(t, err)
	var want strings.Builder
	for _, k := range keys {
		_, _ = fmt.Fprintf(&want, "%s\t%d\n", k.Name, k.TypeHint)
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want.String()), 0o600))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want.String(), string(got))
}
