package server

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// hangingKratos lists one identity and does not respond to other requests.
type hangingKratos struct{ handle string }

// Identity implements directory.Kratos.
func (hangingKratos) Identity(ctx context.Context, _ uuid.UUID) (*kratosadmin.Identity, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// List implements directory.Kratos.
func (h hangingKratos) List(context.Context, string) (*kratosadmin.Page, error) {
	return &kratosadmin.Page{Identities: []*kratosadmin.Identity{{
		ID: uuid.UUID{1}, Passkey: &kratosadmin.Credentials{Identifiers: []string{h.handle}},
	}}}, nil
}

// TestBatchIsBoundedInTime: a batch whose queries wait for a Kratos that hangs is
// answered before its client is cut off, and the queries that need no Kratos are
// answered with what the index holds.
func TestBatchIsBoundedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kratos := hangingKratos{strings.Repeat("A", 64)}
		d, err := directory.New(t.Context(), directory.Options{Store: memory.New(), Kratos: kratos, Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		synctest.Wait() // until the index is built
		s := &Server{directory: d}
		s.metrics = newMetrics("", "", s)
		queries := make([]resolveRequest, maxBatch)
		for n := range queries {
			queries[n] = resolveRequest{UserHandle: base64.RawURLEncoding.EncodeToString([]byte(kratos.handle)), Confirm: n%2 == 0}
		}
		body, err := json.Marshal(map[string]any{"queries": queries})
		require.NoError(t, err)
		began, w := time.Now(), httptest.NewRecorder()
		require.NoError(t, s.resolveBatch(w, httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))))
		require.Equal(t, batchWait, time.Since(began))
		require.Less(t, batchWait, drainTimeout)
		var got struct{ Results []batchResult }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		require.Len(t, got.Results, maxBatch)
		for n, r := range got.Results {
			if queries[n].Confirm {
				require.Equal(t, api.ProblemBase+"kratos-unavailable", r.Problem.Type)
				continue
			}
			require.Equal(t, uuid.UUID{1}.String(), r.Answer.IdentityID)
		}
		cancel()
		require.NoError(t, <-done)
	})
}
