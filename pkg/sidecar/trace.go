package sidecar

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/olympusoss/oly-passkey/pkg/index"
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
			span.SetStatus(codes.Error, "no answer")
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

// traceStore makes a span of every commit.
func traceStore(t trace.Tracer, s index.Store) index.Store {
	if t == nil {
		return s
	}
	traced := tracedStore{s, t}
	loader, loads := s.(index.Loader)
	leader, leads := s.(index.Leader)
	switch {
	case loads && leads:
		return struct {
			tracedLoader
			election
		}{tracedLoader{traced, loader}, election{leader}}
	case loads:
		return tracedLoader{traced, loader}
	case leads:
		return struct {
			tracedStore
			election
		}{traced, election{leader}}
	}
	return traced
}

type tracedStore struct {
	index.Store

	tracer trace.Tracer
}

func (s tracedStore) commit(ctx context.Context, what string, records int, do func(context.Context) error) error {
	ctx, span := s.tracer.Start(ctx, what, trace.WithAttributes(attribute.Int("oly_passkey.records", records)))
	defer span.End()
	err := do(ctx)
	if err != nil {
		span.SetStatus(codes.Error, "not stored")
	}
	return err
}

// Update implements index.Store.
func (s tracedStore) Update(ctx context.Context, ids []uuid.UUID, change index.Change) (changed int, err error) {
	err = s.commit(ctx, "index update", len(ids), func(ctx context.Context) error {
		changed, err = s.Store.Update(ctx, ids, change)
		return err
	})
	return changed, err
}

// UpdateMeta implements index.Store.
func (s tracedStore) UpdateMeta(ctx context.Context, change func(*index.Meta)) error {
	return s.commit(ctx, "index update-meta", 0, func(ctx context.Context) error { return s.Store.UpdateMeta(ctx, change) })
}

// Enqueue implements index.Store.
func (s tracedStore) Enqueue(ctx context.Context, job index.Job) (number uint64, err error) {
	err = s.commit(ctx, "index enqueue", 1, func(ctx context.Context) error {
		number, err = s.Store.Enqueue(ctx, job)
		return err
	})
	return number, err
}

// Dequeue implements index.Store.
func (s tracedStore) Dequeue(ctx context.Context, job index.Job) error {
	return s.commit(ctx, "index dequeue", 1, func(ctx context.Context) error { return s.Store.Dequeue(ctx, job) })
}

type tracedLoader struct {
	tracedStore

	loader index.Loader
}

// Load implements index.Loader.
func (s tracedLoader) Load(ctx context.Context, ids []uuid.UUID, change index.Change, meta func(*index.Meta)) error {
	return s.commit(ctx, "index load", len(ids), func(ctx context.Context) error { return s.loader.Load(ctx, ids, change, meta) })
}

// FinishLoad implements index.Loader.
func (s tracedLoader) FinishLoad(ctx context.Context) error {
	return s.commit(ctx, "index finish-load", 0, s.loader.FinishLoad)
}

// election is what a Leader adds to a Store.
type election struct{ leader index.Leader }

// Lead implements index.Leader.
func (e election) Lead(ctx context.Context) (lead context.Context, release func(), err error) {
	return e.leader.Lead(ctx)
}

// Clock implements index.Leader.
func (e election) Clock(ctx context.Context) (time.Time, error) { return e.leader.Clock(ctx) }
