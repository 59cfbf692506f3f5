package load_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/kratos/bench/load"
)

const request = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"

func target(t *testing.T, handle http.HandlerFunc) load.Target {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return load.Target{
		Addr:    strings.TrimPrefix(s.URL, "http://"),
		Request: func(_ *rand.Rand, to []byte) []byte { return append(to, request...) },
	}
}

// TestAll counts what the server counts, whether it tells its lengths or not.
func TestAll(t *testing.T) {
	for name, body := range map[string]string{"with a length": "short", "in chunks": strings.Repeat("long", 5000), "empty": ""} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			to := target(t, func(w http.ResponseWriter, r *http.Request) {
				if got, err := io.ReadAll(r.Body); err != nil || string(got) != "hi" {
					t.Errorf("%q %v", got, err)
				}
				asked.Add(1)
				_, _ = io.WriteString(w, body)
			})
			closed, err := load.Closed(t.Context(), to, 4, 50*time.Millisecond, 1)
			require.NoError(t, err)
			require.Len(t, closed.Latencies, int(asked.Swap(0)))
			require.NotEmpty(t, closed.Latencies)
			open, err := load.Open(t.Context(), to, 800, 100*time.Millisecond, 1)
			require.NoError(t, err)
			require.Len(t, open.Latencies, 80)
			require.Equal(t, int64(80), asked.Load())
		})
	}
}

// TestStall: while a server stalls the requests that are due grow old.
func TestStall(t *testing.T) {
	var asked atomic.Int64
	to := target(t, func(http.ResponseWriter, *http.Request) {
		if asked.Add(1) <= 8 {
			<-time.After(200 * time.Millisecond)
		}
	})
	r, err := load.Open(t.Context(), to, 800, 400*time.Millisecond, 1)
	require.NoError(t, err)
	require.Greater(t, r.Quantile(.75), 50*time.Millisecond, "half of them were due during the stall, half of those more than 100 ms before its end")
}

func TestRefused(t *testing.T) {
	to := target(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) })
	_, err := load.Closed(t.Context(), to, 1, time.Second, 1)
	require.ErrorContains(t, err, `answered "HTTP/1.1 418 I'm a teapot\r\n"`)
	_, err = load.Open(t.Context(), to, 800, time.Second, 1)
	require.ErrorContains(t, err, `answered "HTTP/1.1 418 I'm a teapot\r\n"`)
}

func TestQuantile(t *testing.T) {
	require.Zero(t, load.Result{}.Quantile(.5))
	r := load.Result{Latencies: []time.Duration{1, 2, 3, 4}}
	require.Equal(t, []time.Duration{1, 3, 4, 4}, []time.Duration{r.Quantile(0), r.Quantile(.5), r.Quantile(.99), r.Quantile(1)})
}
