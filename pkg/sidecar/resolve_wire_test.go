package sidecar

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestAnswerAsJSON: what is written by hand is what encoding/json writes.
func TestAnswerAsJSON(t *testing.T) {
	yes, no := true, false
	for _, matches := range []*bool{nil, &yes, &no} {
		for _, at := range []time.Time{{}, time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), time.Date(2026, 11, 22, 1, 2, 3, 456789000, time.UTC)} {
			for _, a := range []resolveAnswer{
				{IdentityID: uuid.New(), Credential: "passkey", State: "active", CredentialMatches: matches, Source: "index", ConfirmedAt: at},
				{State: "unknown", CredentialMatches: matches, Source: "identity_id", ConfirmedAt: at},
			} {
				want, err := json.Marshal(a)
				require.NoError(t, err)
				require.Equal(t, string(want), string(a.appendJSON(nil)))
			}
		}
	}
}

// TestScanResolve: what is read by hand is what encoding/json reads; the rest is
// left to it.
func TestScanResolve(t *testing.T) {
	for _, c := range []struct {
		body    string
		scanned bool
	}{
		{`{"user_handle":"QUJD","credential_id":"AQE"}`, true},
		{" {\n\t\"credential_id\" : \"AQE\" ,\r\n\"user_handle\":\"QUJD\" } ", true},
		{`{"user_handle":"QUJD"}`, true},
		{`{"user_handle":""}`, true},
		{`{"user_handle":"a/b+c=="}`, true},
		{`{}`, false},
		{`{"user_handle":"QUJD","user_handle":"AQE"}`, false},
		{`{"credential_id":"QUJD","credential_id":"AQE"}`, false},
		{`{"User_Handle":"QUJD"}`, false},
		{`{"user_handle":"QUJD","allow_removed":true}`, false},
		{`{"user_handle":"QUJD","confirm":"no"}`, false},
		{`{"user_handle":"QUJD","credential_id":null}`, false},
		{`{"user_handle":"Q\u0055JD"}`, false},
		{`{"user_handle":"ü"}`, false},
		{"{\"user_handle\":\"a\tb\"}", false},
		{"{\"user_handle\":\"a\x7fb\"}", false},
		{`{"user_handle":"QUJD",}`, false},
		{`{"user_handle":"QUJD"}x`, false},
		{`{"user_handle":"QUJD"`, false},
		{`{"user_handle":"QUJD`, false},
		{`{"user_handle"`, false},
		{`["user_handle","QUJD"]`, false},
		{`}`, false},
		{``, false},
	} {
		var got, want resolveRequest
		require.Equal(t, c.scanned, scanResolve(c.body, &got), c.body)
		if c.scanned {
			require.NoError(t, json.Unmarshal([]byte(c.body), &want), c.body)
		}
		require.Equal(t, want, got, c.body)
	}
}
