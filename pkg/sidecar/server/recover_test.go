package server

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPanic: the client gets a response if that is still possible, and the panic is in
// the log and the metrics.
func TestPanic(t *testing.T) {
	const (
		id      = "id-of-the-request"
		problem = `{"type":"https://github.com/olympusoss/oly-passkey/blob/main/docs/problems.md#internal","title":"internal error","status":500,"detail":"see request ID id-of-the-request in the server's log"}` + "\n"
	)
	early := func(http.ResponseWriter, *http.Request) { panic("broken") }
	late := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("broken")
	}
	wanted := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	api := func(s *Server, h http.HandlerFunc) http.Handler {
		return s.guard(route{method: http.MethodGet, path: "/x", handle: func(w http.ResponseWriter, r *http.Request) error {
			h(w, r)
			return nil
		}})
	}
	documents := func(s *Server, h http.HandlerFunc) http.Handler {
		var public http.Handler = h
		s.public.Store(&public)
		return s.documents()
	}
	probes := func(s *Server, h http.HandlerFunc) http.Handler { return s.recovering(h) }
	for _, tc := range []struct {
		name   string
		of     func(*Server, http.HandlerFunc) http.Handler
		does   http.HandlerFunc
		status int
		body   string
		cut    bool   // the connection ends
		logged bool   // with the stack
		counts string // the line among the metrics
	}{
		{"api", api, early, 500, problem, false, true, `oly_passkey_requests_total{code="500",path="/x"} 1`},
		{"api, half answered", api, late, 200, "half", true, true, `oly_passkey_requests_total{code="500",path="/x"} 1`},
		{"api, aborted", api, wanted, 200, "", true, false, `oly_passkey_requests_total{code="200",path="/x"} 1`},
		{"documents", documents, early, 500, problem, false, true, `oly_passkey_requests_total{code="500",path="/.well-known/"} 1`},
		{"documents, half answered", documents, late, 200, "half", true, true, `oly_passkey_requests_total{code="500",path="/.well-known/"} 1`},
		{"documents, aborted", documents, wanted, 200, "", true, false, `oly_passkey_requests_total{code="200",path="/.well-known/"} 1`},
		{"probes", probes, early, 500, "internal error: see request ID id-of-the-request in the server's log\n", false, true, ""},
		{"probes, half answered", probes, late, 200, "half", true, true, ""},
		{"probes, aborted", probes, wanted, 200, "", true, false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var log bytes.Buffer
			s := &Server{dev: true, log: slog.New(slog.NewTextHandler(&log, nil))}
			s.metrics = newMetrics("", "", s)
			r, w := httptest.NewRequest(http.MethodGet, "/x", nil), httptest.NewRecorder()
			r.Header.Set("X-Request-Id", id)
			ask := func() { tc.of(s, tc.does).ServeHTTP(w, r) }
			if tc.cut {
				require.PanicsWithValue(t, http.ErrAbortHandler, ask)
			} else {
				ask()
				require.Equal(t, id, w.Header().Get("X-Request-Id"))
			}
			require.Equal(t, tc.status, w.Code)
			require.Equal(t, tc.body, w.Body.String())
			if tc.logged {
				require.Contains(t, log.String(), `level=ERROR msg="a handler panicked" method=GET path=`)
				require.Contains(t, log.String(), ` request_id=id-of-the-request panic=broken stack=`)
				require.Contains(t, log.String(), "recover_test.go")
			} else {
				require.Empty(t, log.String())
			}
			scrape := httptest.NewRecorder()
			s.metrics.handler().ServeHTTP(scrape, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			require.Contains(t, scrape.Body.String(), tc.counts)
		})
	}
}

// TestProbesAreRescued: a server without a store cannot be ready.
func TestProbesAreRescued(t *testing.T) {
	s := &Server{log: slog.New(slog.DiscardHandler)}
	s.metrics = newMetrics("", "", s)
	w := httptest.NewRecorder()
	s.probes().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
}
