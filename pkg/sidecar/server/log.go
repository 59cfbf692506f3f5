package server

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// refusalsEvery is how often a refused request is worth a line. One is enough
// to find a hook with an old key; a flood of them is a metric.
const refusalsEvery = 10 * time.Second

// about is what every line about a request says: enough to find it in the
// caller's log and in its trace, and nothing that was asked.
func about(ctx context.Context, r *http.Request, path, id string) []any {
	attrs := []any{"method", r.Method, "path", path, "request_id", id}
	if span := trace.SpanContextFromContext(caller(ctx, r.Header)); span.IsValid() {
		attrs = append(attrs, "trace_id", span.TraceID().String(), "span_id", span.SpanID().String())
	}
	return attrs
}

// logRequest writes a line about an answered request where that is wanted.
func (s *Server) logRequest(ctx context.Context, r *http.Request, path string, status int, took time.Duration) {
	if s.log.Enabled(ctx, slog.LevelDebug) {
		s.log.Debug("request", append(about(ctx, r, path, requestID(r)), "status", status, "took", took.String())...)
	}
}

// logRefusal writes a line about a request without the right key.
func (s *Server) logRefusal(ctx context.Context, r *http.Request, path string, status int) {
	s.refusals.Do(func() {
		s.log.Warn("unknown API key or missing scope (repeats are only counted in oly_passkey_requests_total)",
			append(about(ctx, r, path, requestID(r)), "status", status, "from", r.RemoteAddr)...)
	})
}

// requestID is the id that a request brings, or a new one where it brings none
// that is fit for a log.
func requestID(r *http.Request) string {
	const longest = 64
	id := r.Header.Get("X-Request-Id")
	strange := func(c rune) bool {
		return !strings.ContainsRune("-_.:/+=", c) && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}
	if id == "" || len(id) > longest || strings.ContainsFunc(id, strange) {
		return rand.Text()
	}
	return id
}
