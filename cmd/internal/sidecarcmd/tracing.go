package sidecarcmd

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// flushTimeout is how long the last spans get to be sent at the end.
const flushTimeout = 5 * time.Second

// tracing returns the tracer that the OTEL_ variables configure, nil if they name no
// endpoint, and a function that sends the remaining spans.
func tracing(ctx context.Context, a *cli.App, name string, log *slog.Logger) (trace.Tracer, func() error, error) {
	none := func() error { return nil }
	endpoint := a.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") + a.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	if endpoint == "" || strings.EqualFold(a.Getenv("OTEL_SDK_DISABLED"), "true") || a.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, none, nil
	}
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := a.Getenv(variable); protocol != "" && protocol != "http/protobuf" {
			return nil, none, fmt.Errorf("%s is %q, and traces are sent as http/protobuf only", variable, protocol)
		}
	}
	exporter, err := otlptracehttp.New(ctx) // reads the variables itself
	if err != nil {
		return nil, none, fmt.Errorf("traces: %w", err)
	}
	about := []attribute.KeyValue{attribute.String("service.name", "oly-passkey"), attribute.String("service.version", cli.Version().Version)}
	if name != "" {
		about = append(about, attribute.String("service.instance.id", name))
	}
	res, err := resource.New(ctx, resource.WithAttributes(about...), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, none, fmt.Errorf("traces: %w", err)
	}
	// The library has no other place for errors of its background work.
	complaints := rate.Sometimes{Interval: time.Minute}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		complaints.Do(func() { log.Warn("traces cannot be sent", "error", err) })
	}))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(res))
	flush := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.Warn("the last traces could not be sent", "error", err)
		}
		return nil
	}
	return provider.Tracer("github.com/olympusoss/oly-passkey"), flush, nil
}
