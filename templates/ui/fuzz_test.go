package ui

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzFlow renders the JSON of any flow, and checks that no value escapes its
// attribute.
func FuzzFlow(f *testing.F) {
	kinds := []string{"login", "registration", "settings", "recovery", "verification"}
	for i, flow := range []string{
		`{"ui":{"action":"http://k/","nodes":[{"type":"input","group":"default","attributes":{"name":"identifier","type":"text","value":""}},{"type":"input","group":"passkey","attributes":{"name":"passkey_challenge","type":"hidden","value":"{}"}},{"type":"input","group":"code","attributes":{"name":"method","type":"submit","value":"code"}}]}}`,
		`{"ui":{"action":"/","messages":[{"id":4000007,"type":"error"}],"nodes":[{"type":"input","group":"passkey","attributes":{"name":"passkey_create_data","type":"hidden"}},{"type":"input","group":"default","attributes":{"name":"traits.x","type":"checkbox","value":true}}]}}`,
		`{"ui":{"action":"javascript:alert(1)","nodes":[{"type":"input","group":"passkey","attributes":{"name":"passkey_remove","type":"submit","value":{"a":1}},"meta":{"label":{"context":{"display_name":7,"added_at":"never"}}}}]}}`,
	} {
		f.Add(uint8(i), flow)
	}
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
