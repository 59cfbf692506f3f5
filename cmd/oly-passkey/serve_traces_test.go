package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracing "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// fakecollector takes spans over OTLP/HTTP.
type fakecollector struct {
	mu       sync.Mutex
	spans    []*tracing.Span
	resource string
	key      string
}

func (c *fakecollector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var export collector.ExportTraceServiceRequest
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(raw, &export) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key = r.Header.Get("Api-Key")
	for _, of := range export.GetResourceSpans() {
		c.resource = of.GetResource().String()
		for _, scope := range of.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
}

// named returns the spans with a name.
func (c *fakecollector) named(name string) (found []*tracing.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	return found
}

// TestServeTraces asks with a traceparent and finds the whole way of the
// request below it, and nothing in it that was asked.
func TestServeTraces(t *testing.T) {
	collected := &fakecollector{}
	collects := httptest.NewServer(collected)
	defer collects.Close()
	s := newServing(t, 1)
	keys := write(t, s.dir, "sidecar.key", "resolve:the-key\nhooks:the-key-of-hooks\n")
	var toKratos sync.Map
	kratos := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		toKratos.Store(r.URL.Path, r.Header.Get("Traceparent"))
		s.crowd.ServeHTTP(w, r)
	}))
	defer kratos.Close()
	s.kratos = kratos.URL
	p := spawn(t, []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + collects.URL, "OTEL_EXPORTER_OTLP_HEADERS=api-key=collectors", "OTEL_BSP_SCHEDULE_DELAY=50",
		"OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test",
	}, s.args("--api-key-file", keys, "--name", "one")...)
	p.logs(1, "index is complete")

	who := s.crowd.listed[0]
	const traceID, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	req, err := http.NewRequest(http.MethodPost, "http://"+s.listen+"/v1/resolve", strings.NewReader(fmt.Sprintf(`{"user_handle":%q,"confirm":true}`, handleOf(who))))
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", "the-key")
	req.Header.Set("Traceparent", "00-"+traceID+"-"+parent+"-01")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	status, _ := request(t, http.DefaultClient, http.MethodPost, "http://"+s.listen+"/v1/hooks/kratos/login", "the-key-of-hooks", fmt.Sprintf(`{"identity_id":%q}`, who))
	require.Equal(t, http.StatusNoContent, status)
	p.becomes("both requests are traced to their ends", func() bool {
		return len(collected.named("POST /v1/resolve")) == 1 && len(collected.named("index dequeue")) > 0
	})
	p.signal(syscall.SIGTERM)
	p.ends()

	served := collected.named("POST /v1/resolve")[0]
	require.Equal(t, traceID, hex.EncodeToString(served.GetTraceId()))
	require.Equal(t, parent, hex.EncodeToString(served.GetParentSpanId()))
	below := func(name string, above *tracing.Span) *tracing.Span {
		for _, s := range collected.named(name) {
			if string(s.GetParentSpanId()) == string(above.GetSpanId()) {
				return s
			}
		}
		t.Fatalf("no span %q below %q", name, above.GetName())
		return nil
	}
	pull := below("pull", served)
	asked := below("GET /admin/identities/{id}", pull)
	below("index update", pull)
	told, _ := toKratos.Load("/admin/identities/" + who.String())
	require.Contains(t, told, "00-")
	require.Equal(t, traceID, hex.EncodeToString(asked.GetTraceId()))
	below("index enqueue", collected.named("POST /v1/hooks/kratos/login")[0])
	require.NotEmpty(t, collected.named("GET /admin/identities"))
	require.Equal(t, "collectors", collected.key)
	for _, about := range []string{"oly-passkey", "one", "deployment.environment.name"} {
		require.Contains(t, collected.resource, about)
	}
	for _, span := range collected.spans {
		for _, secret := range []string{handleOf(who), who.String(), "the-key", "AQE"} {
			require.NotContains(t, span.String(), secret)
		}
	}
}

// TestServeWithoutCollector: the server works even if no collector takes the spans.
func TestServeWithoutCollector(t *testing.T) {
	s := newServing(t, 1)
	p := spawn(t, []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:1/v1/traces", "OTEL_BSP_SCHEDULE_DELAY=10"}, s.args("--dev")...)
	p.logs(1, "index is complete")
	p.logs(1, "traces cannot be sent")
	status, _ := request(t, http.DefaultClient, http.MethodPost, "http://"+s.listen+"/v1/resolve", "", fmt.Sprintf(`{"user_handle":%q}`, handleOf(s.crowd.listed[0])))
	require.Equal(t, http.StatusOK, status)
	p.signal(syscall.SIGTERM)
	p.ends()
}
