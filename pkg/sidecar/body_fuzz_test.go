package sidecar

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzBody: both readers of a body agree in what they take, in what they read
// and in what they say, and say nothing of the body itself.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"user_handle":"QUJD","credential_id":"AQE","allow_removed":true}`))
	f.Add([]byte(`{"user_handle":7}`))
	f.Add([]byte("{ \"credential_id\":\"AQE\",\"user_handle\"\t:\"a\\u0042\"}\n"))
	f.Add([]byte(`{"user_handle":"a","user_handle":"b"}`))
	f.Add([]byte(`{}{}`))
	f.Add([]byte(`{"user_handle":`))
	var memory lookUps
	f.Fuzz(func(t *testing.T, body []byte) {
		ask := func(length int64) (resolveRequest, error) {
			r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
			r.ContentLength = length
			work := memory.Get()
			defer memory.Put(work)
			err := work.read(httptest.NewRecorder(), r)
			return work.request, err
		}
		small, smallErr := ask(int64(len(body)))
		plain, plainErr := ask(-1)
		require.Equal(t, plainErr, smallErr)
		if plainErr != nil {
			var p *problemError
			require.ErrorAs(t, plainErr, &p)
			return
		}
		require.Equal(t, plain, small)
		var again resolveRequest
		require.NoError(t, json.Unmarshal(body, &again))
		require.Equal(t, again, plain)
	})
}
