package bench_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/internal/testing/postgrestest"
	"github.com/olympusoss/oly-passkey/kratos/bench/fakekratos"
)

// What the parties are asked with.
const (
	connections = 32
	offered     = 2000 // a second
	kratosOffer = 200  // of which Kratos can take about a thousand
)

// party is one of those that are compared.
type party struct {
	name    string
	next    requester
	offer   int
	process *sidecar // nil if the party is not a sidecar
	files   string   // folder of its data, "" where it has none
	closed  []result
	open    []result
}

func measureResolve(t *testing.T, s scale, p *part) {
	parties := []*party{{name: "bare `net/http` handler", offer: offered, next: resolveRequest(startRole(t, "bare", ""), s.sizes[0])}}
	for _, size := range s.sizes {
		dir := t.TempDir()
		fillBolt(t, dir, size)
		parties = append(parties, newParty(t, "bbolt", size, dir, "--data-dir", dir))
	}
	cluster := postgrestest.Start(t)
	for _, size := range s.sizes {
		dsn := cluster.Database(t)
		fillPostgres(t, dsn, size)
		file := filepath.Join(t.TempDir(), "dsn")
		require.NoError(t, writeFile(file, dsn))
		parties = append(parties, newParty(t, "PostgreSQL", size, cluster.Dir(), "--postgres-dsn-file", file))
	}
	k := startKratos(t, kratostest.FreeAddresses(t, 1)[0])
	k.populate(t, s.listed)
	parties = append(parties, &party{
		name: fmt.Sprintf("Kratos, `GET /admin/identities/{id}`, %s", count(s.listed)), offer: kratosOffer,
		next: func(r *rand.Rand) vegeta.Target {
			return vegeta.Target{Method: http.MethodGet, URL: fmt.Sprintf("%s/admin/identities/%s", k.admin, cloneID(1+r.IntN(s.listed)))}
		},
	})
	runParties(t, s, parties)
	writeResolve(t, p, parties)
}

func newParty(t *testing.T, store string, size int, files string, args ...string) *party {
	t.Helper()
	// No Kratos: a sweep over it would run meanwhile, and nothing here asks it.
	side := startSidecar(t, append(args, "--kratos-admin-url", "http://127.0.0.1:1")...)
	p := &party{
		name: fmt.Sprintf("sidecar, %s, %s", store, count(size)), offer: offered, process: side, files: files,
		next: resolveRequest(side.addr, size),
	}
	return p
}

// resolveRequest asks as a page's server does: with the handle and the
// credential id as a browser gives them.
func resolveRequest(addr string, size int) requester {
	return func(r *rand.Rand) vegeta.Target {
		n := r.IntN(size)
		return vegeta.Target{
			Method: http.MethodPost, URL: "http://" + addr + "/v1/resolve",
			Header: http.Header{"Authorization": {"Bearer " + key + "2"}, "Content-Type": {"application/json"}},
			Body: fmt.Appendf(nil, `{"user_handle":%q,"credential_id":%q}`,
				base64.RawURLEncoding.EncodeToString([]byte(fakekratos.Handle(n))), base64.RawURLEncoding.EncodeToString(credentialID(n))),
		}
	}
}

func credentialID(n int) []byte { return fmt.Appendf(nil, "the credential with number %07d", n) }

// warm reads a party's data and resolves some of it, because the system may have
// evicted its pages from memory while the other parties were measured.
func (p *party) warm(t *testing.T, length time.Duration) {
	t.Helper()
	if p.files != "" {
		require.NoError(t, filepath.WalkDir(p.files, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return ignoreGone(err)
			}
			return readThrough(path)
		}))
	}
	if p.process != nil { // a table has no name
		mapped, err := filepath.Glob(fmt.Sprintf("/proc/%d/map_files/*", p.process.Process.Pid))
		require.NoError(t, err)
		for _, path := range mapped {
			if file, err := os.Readlink(path); err == nil && strings.HasSuffix(file, ".tmp (deleted)") {
				require.NoError(t, readThrough(path))
			}
		}
	}
	closedLoop(t, p.next, connections, length, *seed)
}

func readThrough(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return ignoreGone(err)
	}
	_, err = io.Copy(io.Discard, f)
	return errors.Join(err, f.Close())
}

// ignoreGone is for files that a database removes meanwhile.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// runParties measures all of them in turns.
func runParties(t *testing.T, s scale, parties []*party) {
	t.Helper()
	r := rand.New(rand.NewPCG(*seed, 0))
	for round := range s.rounds {
		for _, n := range r.Perm(len(parties)) {
			p := parties[n]
			p.warm(t, s.length/2)
			closed := closedLoop(t, p.next, connections, s.length, *seed+uint64(round))
			open, err := openLoop(p.next, p.offer, s.length, *seed+uint64(round))
			require.NoError(t, err, p.name)
			p.closed, p.open = append(p.closed, closed), append(p.open, open)
		}
	}
}

// ratio compares two measurements round by round and returns the median.
func ratio(a, b []result, of func(result) float64) float64 {
	rounds := make([]float64, len(a))
	for n := range a {
		rounds[n] = of(a[n]) / of(b[n])
	}
	return median(rounds)
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// each returns the median of a figure over all rounds.
func each(rounds []result, of func(result) float64) float64 {
	v := make([]float64, len(rounds))
	for n := range rounds {
		v[n] = of(rounds[n])
	}
	return median(v)
}

func perSecond(r result) float64 { return r.PerSecond }

func micros(q float64) func(result) float64 {
	return func(r result) float64 { return float64(r.Quantile(q)) / float64(time.Microsecond) }
}

func writeResolve(t *testing.T, p *part, parties []*party) {
	t.Helper()
	bare, kratos := parties[0], parties[len(parties)-1]
	p.printf("Each request brings a key, a user handle and a credential id in base64url, drawn at random; %d connections ask as fast as\n"+
		"they are answered, with %s different requests in turn. The bare handler decodes and encodes the same JSON and knows nothing. Before each turn the data is read once:\n"+
		"memory that was not used for a while may have been taken back.\n\n", connections, count(wrkRequests))
	p.printf("| %d connections | answers/s | of bare | p50 | p99 | p99 of bare | × Kratos |\n|---|---:|---:|---:|---:|---:|---:|\n", connections)
	for _, q := range parties {
		p.printf("| %s | %s | %.2f | %s | %s | %.2f | %.0f |\n", q.name, count(int(each(q.closed, perSecond))), ratio(q.closed, bare.closed, perSecond),
			latency(each(q.closed, micros(.5))), latency(each(q.closed, micros(.99))), ratio(q.closed, bare.closed, micros(.99)), ratio(q.closed, kratos.closed, perSecond))
	}
	p.printf("\n| %s offered a second, Kratos %d | p50 | p99 | p99.9 | p99 of bare |\n|---|---:|---:|---:|---:|\n", count(offered), kratosOffer)
	for _, q := range parties {
		p.printf("| %s | %s | %s | %s | %.2f |\n", q.name, latency(each(q.open, micros(.5))), latency(each(q.open, micros(.99))),
			latency(each(q.open, micros(.999))), ratio(q.open, bare.open, micros(.99)))
	}
	p.printf("\n| | ready after its start | memory outside of the page cache, after all that |\n|---|---:|---:|\n")
	for _, q := range parties {
		if q.process != nil {
			p.printf("| %s | %.0f ms | %.0f MB |\n", q.name, float64(q.process.ready.Milliseconds()), q.process.memory(t))
		}
	}
}

func latency(micros float64) string {
	switch {
	case micros < 1:
		return fmt.Sprintf("%.0f ns", micros*1000)
	case micros < 1000:
		return fmt.Sprintf("%.0f µs", micros)
	}
	return fmt.Sprintf("%.1f ms", micros/1000)
}

// count writes a number with commas.
func count(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
