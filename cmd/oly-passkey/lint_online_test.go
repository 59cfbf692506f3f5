package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLintFetchesSchemasOnlyWhenAsked serves an identity schema.
func TestLintFetchesSchemasOnlyWhenAsked(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/schema.json" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"properties": {"traits": {"properties": {"email": {"title": "E-mail"}}}}}`))
	}))
	t.Cleanup(server.Close)
	lintWith := func(path string, flags ...string) string {
		file := filepath.Join(t.TempDir(), "kratos.yml")
		require.NoError(t, os.WriteFile(file, []byte(`selfservice:
  methods:
    passkey: {enabled: true, config: {rp: {id: example.com, display_name: Example, origins: ["https://example.com"]}}}
identity:
  default_schema_id: default
  schemas: [{id: default, url: "`+server.URL+path+`"}]
`), 0o600))
		_, stdout, stderr := command(t.Context(), "", append([]string{"lint", file}, flags...)...)
		require.Empty(t, stderr)
		return stdout
	}
	require.Contains(t, lintWith("/schema.json"), "[identity-schema-not-found]")
	require.Zero(t, asked)
	require.Contains(t, lintWith("/schema.json", "--online"), "127.0.0.1 is not a public address; --allow-outside allows it [schema-unloadable]")
	require.Zero(t, asked)
	found := lintWith("/schema.json", "--online", "--allow-outside")
	require.NotContains(t, found, "E-mail", "a line of what was fetched")
	require.Contains(t, found, server.URL+"/schema.json:1:18: error: no trait of identity schema \"default\"")
	require.Contains(t, lintWith("/nowhere.json", "--online", "--allow-outside"), "warning: identity schema \"default\" could not be fetched: get \""+server.URL+"/nowhere.json\": the answer is 404 Not Found [schema-unloadable]")
}
