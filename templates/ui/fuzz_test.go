package ui

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzFlow renders anything that is the JSON of a flow, and lets no value out
// of its place.
func FuzzFlow(f *testing.F) {
	kinds := []string{"login", "registration", "settings", "recovery", "verification"}
	for i, kind := range kinds[:3] {
		b, err := os.ReadFile(filepath.Join("testdata", kind+".json"))
		require.NoError(f, err)
		f.Add(uint8(i), string(b))
	}
	f.Add(uint8(2), `{"ui":{"action":"javascript:alert(1)","nodes":[{"type":"input","group":"passkey_remove","attributes":{"name":"passkey_remove","type":"submit","value":{"a":1}},"meta":{"label":{"context":{"display_name":7,"added_at":"never"}}}}]}}`)
	s, err := New(Config{KratosURL: "http://localhost:4433"})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		var flow Flow
		if json.Unmarshal([]byte(body), &flow) != nil {
			return
		}
		kind := kinds[int(which)%len(kinds)]
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		w := httptest.NewRecorder()
		s.render(w, r, http.StatusOK, kind, s.flowView(r, kind, &flow))
		require.Equal(t, http.StatusOK, w.Code)
		require.NotContains(t, w.Body.String(), `action="javascript:`)
	})
}
