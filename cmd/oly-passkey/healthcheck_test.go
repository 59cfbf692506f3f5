package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

func TestHealthcheck(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			http.NotFound(w, r)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("the store is closed\n"))
	}))
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")
	_, port, _ := strings.Cut(address, ":")
	check := func(environ []string, args ...string) (int, string) {
		var out, errs bytes.Buffer
		code := run(context.Background(), append([]string{"healthcheck"}, args...), &app{stdout: &out, stderr: &errs, environ: environ})
		return code, out.String() + errs.String()
	}

	for _, listen := range []string{address, "0.0.0.0:" + port, ":" + port} {
		code, out := check(nil, "--metrics-listen", listen)
		require.Equal(t, cli.ExitClean, code, listen)
		require.Equal(t, "ready\n", out)
	}
	code, out := check([]string{"OLY_PASSKEY_SERVE_METRICS_LISTEN=" + address})
	require.Equal(t, cli.ExitClean, code)
	require.Equal(t, "ready\n", out)

	status = http.StatusServiceUnavailable
	code, out = check(nil, "--metrics-listen", address)
	require.Equal(t, cli.ExitFindings, code)
	require.Equal(t, "not ready: 503 Service Unavailable: the store is closed\n", out)

	server.Close()
	code, out = check(nil, "--metrics-listen", address)
	require.Equal(t, cli.ExitFindings, code)
	require.Equal(t, "not ready: dial tcp "+address+": connect: connection refused\n", out)

	code, out = check(nil, "--metrics-listen", "4478")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, out, `invalid --metrics-listen "4478": use HOST:PORT`)
}
