package server

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOpenAPIListsTheRoutes compares the document with the routes: the same
// operations, with the same scopes.
func TestOpenAPIListsTheRoutes(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string                `json:"operationId"`
			Security    []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(openAPIDocument, &doc))
	described := map[string]string{}
	ids := map[string]bool{}
	for path, operations := range doc.Paths {
		for method, o := range operations {
			require.NotEmpty(t, o.OperationID)
			require.False(t, ids[o.OperationID], "%s is there twice", o.OperationID)
			ids[o.OperationID] = true
			scope := ""
			if len(o.Security) > 0 {
				require.Equal(t, []map[string][]string{{"bearer": o.Security[0]["bearer"]}, {"apiKey": o.Security[0]["bearer"]}}, o.Security)
				scope = strings.Join(o.Security[0]["bearer"], ",")
			}
			described[strings.ToUpper(method)+" "+path] = scope
		}
	}
	routes := map[string]string{}
	for _, r := range (&Server{}).routes() {
		routes[r.method+" "+r.path] = string(r.scope)
	}
	require.Equal(t, routes, described)
}
