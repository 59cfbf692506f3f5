package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Spans contain the route and the outcome, but no user handles, credential IDs, keys
// or identity IDs.

// caller returns a context with the span of a request's traceparent header, if any.
func caller(ctx context.Context, h http.Header) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(h))
}

// traced starts the span of a request. The returned function ends it with the status
// of the response.
func (s *Server) traced(ctx context.Context, r *http.Request, path string) (*http.Request, func(status int)) {
	if s.tracer == nil {
		return r, func(int) {}
	}
	ctx, span := s.tracer.Start(caller(ctx, r.Header), r.Method+" "+path, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", r.Method), attribute.String("http.route", path)))
	return r.WithContext(ctx), func(status int) {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// traceKratos returns a transport that traces requests to Kratos and propagates the
// spans.
func traceKratos(t trace.Tracer, next http.RoundTripper) http.RoundTripper {
	if t == nil {
		return next
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		route := kratosRoute(r.URL.Path)
		ctx, span := t.Start(r.Context(), r.Method+" "+route, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("http.request.method", r.Method), attribute.String("url.template", route),
			attribute.String("server.address", r.URL.Hostname()), attribute.String("peer.service", "kratos")))
		defer span.End()
		r = r.Clone(ctx) // a transport must not change its request
		propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(r.Header))
		resp, err := next.RoundTrip(r)
		if err != nil {
			span.SetStatus(codes.Error, "no response")
			return nil, err
		}
		span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
		if resp.StatusCode >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		return resp, nil
	})
}

// kratosRoute returns a path with a placeholder for the identity ID at its end.
func kratosRoute(path string) string {
	parent, last, _ := strings.Cut(path, "/identities/")
	if _, err := uuid.Parse(last); err != nil {
		return path
	}
	return parent + "/identities/{id}"
}
