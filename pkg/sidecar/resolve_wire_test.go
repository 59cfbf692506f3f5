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
