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

// Spans name the route and the outcome. They carry no handle, no credential id,
// no key and no id of an identity.

// caller is the span that a request's traceparent names, if it names one.
func caller(ctx context.Context, h http.Header) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(h))
}

// traced begins the span of a request; end has to be told how it was answered.
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

// traceKratos makes a span of every request to Kratos, and names it to Kratos.
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

// kratosRoute is a path without the id of the identity that it ends in.
func kratosRoute(path string) string {
	parent, last, _ := strings.Cut(path, "/identities/")
	if _, err := uuid.Parse(last); err != nil {
		return path
	}
	return parent + "/identities/{id}"
}
