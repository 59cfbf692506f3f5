package directory

import (
	"context"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// commit runs a write to the store in a span.
func commit(ctx context.Context, t trace.Tracer, what string, records int, write func(context.Context) error) error {
	ctx, span := t.Start(ctx, "index "+what, trace.WithAttributes(attribute.Int("oly_passkey.records", records)))
	defer span.End()
	err := write(ctx)
	if err != nil {
		span.SetStatus(codes.Error, "not stored")
	}
	return err
}

// update is the store's Update in a span.
func (d *Directory) update(ctx context.Context, ids []uuid.UUID, change index.Change) error {
	return commit(ctx, d.tracer, "update", len(ids), func(ctx context.Context) error {
		_, err := d.store.Update(ctx, ids, change)
		return err
	})
}
