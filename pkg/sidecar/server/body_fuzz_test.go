package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzBody: a body is accepted with the values that encoding/json reads, or rejected
// with a problem that does not repeat the body.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"user_handle":"QUJD","credential_id":"AQE","allow_removed":true}`))
	f.Add([]byte(`{"user_handle":7}`))
	f.Add([]byte("{ \"credential_id\":\"AQE\",\"user_handle\"\t:\"a\\u0042\"}\n"))
	f.Add([]byte(`{"user_handle":"a","user_handle":"b"}`))
	f.Add([]byte(`{"User_Handle":"a","user_handle":null}`))
	f.Add([]byte("{\"user_handle\":\"\xff\"}"))
	f.Add([]byte(`{}{}`))
	f.Add([]byte(`{"user_handle":`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var got resolveRequest
		err := readJSON(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body)), maxBody, &got)
		if err != nil {
			var p *problemError
			require.ErrorAs(t, err, &p)
			return
		}
		// encoding/json takes members in any case, which are unknown here.
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(body, &members))
		exact := map[string]json.RawMessage{}
		for _, name := range []string{"user_handle", "credential_id", "allow_removed", "confirm"} {
			if v, ok := members[name]; ok {
				exact[name] = v
			}
		}
		raw, err := json.Marshal(exact)
		require.NoError(t, err)
		var want resolveRequest
		require.NoError(t, json.Unmarshal(raw, &want))
		require.Equal(t, want, got)
	})
}
