package server

import (
	_ "embed"
	"net/http"
)

// openAPIDocument describes the routes; a test compares it with them.
//
//go:embed openapi.json
var openAPIDocument []byte

func openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPIDocument)
	return nil
}
