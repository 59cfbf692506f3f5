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

// refusalsEvery limits log lines about unauthorised requests. One line is enough to
// find a hook with an old key; all of them are counted in a metric.
const refusalsEvery = 10 * time.Second

// logAttrs returns the attributes of log lines about a request: enough to find it in
// the client's log and in its trace, and nothing of its content.
func logAttrs(ctx context.Context, r *http.Request, path, id string) []any {
	attrs := []any{"method", r.Method, "path", path, "request_id", id}
	if span := trace.SpanContextFromContext(caller(ctx, r.Header)); span.IsValid() {
		attrs = append(attrs, "trace_id", span.TraceID().String(), "span_id", span.SpanID().String())
	}
	return attrs
}

// logRequest logs a finished request at debug level.
func (s *Server) logRequest(ctx context.Context, r *http.Request, path string, status int, took time.Duration) {
	if s.log.Enabled(ctx, slog.LevelDebug) {
		s.log.Debug("request", append(logAttrs(ctx, r, path, requestID(r)), "status", status, "took", took.String())...)
	}
}

// logRefusal logs a request without a suitable key.
func (s *Server) logRefusal(ctx context.Context, r *http.Request, path string, status int) {
	s.refusals.Do(func() {
		s.log.Warn("unknown API key or missing scope (repeats are only counted in oly_passkey_requests_total)",
			append(logAttrs(ctx, r, path, requestID(r)), "status", status, "from", r.RemoteAddr)...)
	})
}

// requestID returns the ID that a request was sent with, or a new one if it has none
// that is safe to log.
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
