package bench_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/kratos/bench/fakekratos"
)

// hooksOffered is the rate of hooks per second while their acknowledgements are
// timed.
const hooksOffered = 100

func measureHooks(t *testing.T, s scale, p *part) {
	addr := kratostest.FreeAddresses(t, 1)[0]
	k := startKratos(t, addr)
	k.populate(t, s.listed/10)
	side := startSidecar(t, "--kratos-admin-url", k.admin, "--data-dir", t.TempDir(), "--listen", addr)
	side.addr = addr
	await(t, "the index is complete", 20*time.Millisecond, func() bool { return isComplete(t, side) })
	first := register(t, k, side, "warm", 1, 1)

	p.printf("People register at a real Kratos on PostgreSQL, and whoever registered asks for the handle until it is known.\n\n")
	p.printf("| from Kratos' answer to a registration until the handle resolves | p50 | p95 | longest |\n|---|---:|---:|---:|\n")
	p.printf("| the first hook since Kratos' start, which starts its Jsonnet process | | | %s |\n", latency(micros(1)(first)))
	for _, at := range []int{1, 4} {
		r := register(t, k, side, fmt.Sprint("person", at), s.people, at)
		p.printf("| %d people, %d at once | %s | %s | %s |\n", len(r.Latencies), at, latency(micros(.5)(r)), latency(micros(.95)(r)), latency(micros(1)(r)))
	}
	side.stop()

	p.printf("\nA hook is acknowledged once it is on the disk, which takes two flushes; %d hooks a second arrive.\n\n", hooksOffered)
	p.printf("| acknowledgement of a hook | p50 | p99 | longest |\n|---|---:|---:|---:|\n")
	line := func(name string, r result) {
		p.printf("| %s | %s | %s | %s |\n", name, latency(micros(.5)(r)), latency(micros(.99)(r)), latency(micros(1)(r)))
	}
	line("for comparison: nothing but two writes of 4 kB and their flushes, on the same disk as often", flushes(t, s))
	known := func(r *rand.Rand) uuid.UUID { return cloneID(1 + r.IntN(s.listed/10)) }
	line("Kratos as fast as it is", acknowledge(t, s, k.admin, true, known))
	line(fmt.Sprintf("Kratos takes %s for every answer", slowness), acknowledge(t, s, "http://"+startRole(t, "slowkratos", k.admin), false, known))
	line(fmt.Sprintf("while the first build reads %s identities from the fake admin API", count(s.faked)),
		acknowledge(t, s, "http://"+startRole(t, "fakekratos", fmt.Sprint(s.faked)), false, func(r *rand.Rand) uuid.UUID { return fakekratos.ID(r.IntN(s.faked), s.faked) }))
}

// register registers users, several at once, and measures how long after Kratos'
// response the handle resolves.
func register(t *testing.T, k *kratos, side *sidecar, name string, people, at int) result {
	t.Helper()
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	for worker := range at {
		wg.Go(func() {
			for n := range (people + at - 1) / at {
				handle, answered := newPerson(t, k).signUp(fmt.Sprintf("%s-%d-%d", name, worker, n))
				for !resolves(t, side, handle) {
					time.Sleep(time.Millisecond)
				}
				mu.Lock()
				took = append(took, time.Since(answered))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(took)
	return result{Latencies: took}
}

func resolves(t *testing.T, side *sidecar, handle string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+side.addr+"/v1/resolve", bytes.NewReader(fmt.Appendf(nil, `{"user_handle":%q}`, handle)))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+key+"2")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode == http.StatusOK
}

// acknowledge sends hooks about random identities to a separate sidecar whose index
// is complete or still being built.
func acknowledge(t *testing.T, s scale, kratos string, built bool, person func(*rand.Rand) uuid.UUID) result {
	t.Helper()
	side := startSidecar(t, "--kratos-admin-url", kratos, "--data-dir", t.TempDir())
	defer side.stop()
	if built {
		await(t, "the index is complete", 20*time.Millisecond, func() bool { return isComplete(t, side) })
	}
	next := func(r *rand.Rand) vegeta.Target {
		return vegeta.Target{
			Method: http.MethodPost, URL: "http://" + side.addr + "/v1/hooks/kratos/registration",
			Header: http.Header{"X-Api-Key": {key}, "Content-Type": {"application/json"}},
			Body:   fmt.Appendf(nil, `{"identity_id":%q,"flow_id":%q}`, person(r), cloneID(0)),
		}
	}
	got, err := openLoop(next, hooksOffered, 5*s.length, *seed)
	require.NoError(t, err)
	return got
}

// flushes writes and flushes twice, as a commit must, at the rate of the hooks: an
// idle disk takes longer to flush than a busy one.
func flushes(t *testing.T, s scale) result {
	t.Helper()
	const blocks, size = 256, 4096
	f, err := os.Create(filepath.Join(t.TempDir(), "flushed"))
	require.NoError(t, err)
	_, err = f.Write(make([]byte, blocks*size))
	require.NoError(t, errors.Join(err, f.Sync()))
	var took []time.Duration
	gap := time.Second / hooksOffered
	for due := time.Now(); len(took) < int(5*s.length/gap); due = due.Add(gap) {
		time.Sleep(time.Until(due))
		from := time.Now()
		for n := range 2 {
			_, err := f.WriteAt(make([]byte, size), int64((2*len(took)+n)%blocks)*size)
			require.NoError(t, errors.Join(err, syscall.Fdatasync(int(f.Fd()))))
		}
		took = append(took, time.Since(from))
	}
	require.NoError(t, f.Close())
	slices.Sort(took)
	return result{Latencies: took}
}
