package bench_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// requester returns a request, another one each time.
type requester func(r *rand.Rand) vegeta.Target

// result is what a run has shown.
type result struct {
	PerSecond float64         // responses
	Latencies []time.Duration // of each response, sorted
}

// Quantile returns the latency that a share q of all responses stays under; 0
// without a response.
func (r result) Quantile(q float64) time.Duration {
	if len(r.Latencies) == 0 {
		return 0
	}
	return r.Latencies[min(int(q*float64(len(r.Latencies))), len(r.Latencies)-1)]
}

// wrkRequests is how many different requests wrk sends, over and over.
const wrkRequests = 100_000

// closedLoop lets wrk send requests on several connections, on each as soon as
// the last response is complete. It counts whole seconds.
func closedLoop(t *testing.T, next requester, connections int, length time.Duration, seed uint64) result {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	var raw bytes.Buffer
	var url string
	for range wrkRequests {
		target := next(r)
		req, err := target.Request()
		require.NoError(t, err)
		require.NoError(t, req.Write(&raw))
		require.NoError(t, raw.WriteByte(0))
		url = target.URL
	}
	file := filepath.Join(t.TempDir(), "requests")
	require.NoError(t, os.WriteFile(file, raw.Bytes(), 0o600))
	seconds := int(math.Ceil(length.Seconds()))
	wrk := exec.CommandContext(t.Context(), "wrk", "-s", "testdata/wrk.lua", "-t", strconv.Itoa(min(2, connections)), "-c", strconv.Itoa(connections), "-d", strconv.Itoa(seconds), url, "--", file)
	out, err := wrk.CombinedOutput()
	require.NoError(t, err, "%s", out)
	var shown struct {
		Requests, Microseconds, Errors float64
		Latencies                      []float64 // of a thousand quantiles, in microseconds
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &shown), "%s", out)
	require.Zero(t, shown.Errors, "%s", out)
	require.NotZero(t, shown.Requests, "%s", out)
	all := result{PerSecond: shown.Requests / shown.Microseconds * 1e6}
	for _, micros := range shown.Latencies {
		all.Latencies = append(all.Latencies, time.Duration(micros*float64(time.Microsecond)))
	}
	return all
}

// openLoop offers a number of requests per second. A request that is due gets
// another connection when all are busy, so that a server that stalls is not
// given a rest (coordinated omission). Any response but a good one (2xx) is an
// error.
func openLoop(next requester, perSecond int, length time.Duration, seed uint64) (result, error) {
	var n atomic.Uint64
	targeter := func(to *vegeta.Target) error {
		*to = next(rand.New(rand.NewPCG(seed, n.Add(1))))
		return nil
	}
	var out result
	var failed error
	from := time.Now()
	attacker := vegeta.NewAttacker(vegeta.Redirects(vegeta.NoFollow))
	for r := range attacker.Attack(targeter, vegeta.Rate{Freq: perSecond, Per: time.Second}, length, "") {
		if r.Error != "" || r.Code/100 != 2 {
			failed = fmt.Errorf("%s %s: status %d, %s: %s", r.Method, r.URL, r.Code, r.Error, r.Body)
			attacker.Stop()
		}
		out.Latencies = append(out.Latencies, r.Latency)
	}
	out.PerSecond = float64(len(out.Latencies)) / time.Since(from).Seconds()
	slices.Sort(out.Latencies)
	return out, failed
}

func TestLoad(t *testing.T) {
	var asked atomic.Int64
	good := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(good.Close)
	bad := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(bad.Close)
	get := func(url string) requester {
		return func(*rand.Rand) vegeta.Target { return vegeta.Target{Method: http.MethodGet, URL: url} }
	}

	r := closedLoop(t, get(good.URL), 4, time.Second, 1)
	require.Positive(t, r.PerSecond)
	require.Len(t, r.Latencies, 1000)
	require.IsIncreasing(t, []time.Duration{0, r.Quantile(.5), r.Quantile(1) + 1})
	require.NotZero(t, asked.Swap(0))
	r, err := openLoop(get(good.URL), 800, 100*time.Millisecond, 1)
	require.NoError(t, err)
	require.Len(t, r.Latencies, int(asked.Load()))
	_, err = openLoop(get(bad.URL), 800, time.Second, 1)
	require.ErrorContains(t, err, "status 404")
}
