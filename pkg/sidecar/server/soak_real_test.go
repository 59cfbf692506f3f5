//go:build realkratos

package server_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/internal/testing/postgrestest"
	"github.com/olympusoss/oly-passkey/pkg/client"
)

// TestRealSoak lets several users sign up, add and remove keys, sign in and be deleted
// in a Kratos on PostgreSQL, and resolves every key all the time.
func TestRealSoak(t *testing.T) {
	length := 15 * time.Second
	if os.Getenv("OLY_PASSKEY_PROOF") != "" {
		length = 5 * time.Minute
	}
	c := postgrestest.Start(t)
	ports := kratostest.FreePorts(t, 2)
	s := startSidecar(t, "http://127.0.0.1:"+ports[1], t.TempDir(), "127.0.0.1:0")
	var hooks [3]string
	for i, flow := range []string{"registration", "login", "settings"} {
		hooks[i] = hookTo(s.URL(), "/v1/hooks/kratos/"+flow, "hooks-key")
	}
	socket := url.Values{"host": {c.Dir()}}.Encode()
	k := startKratosOn(t, "postgres://test@/postgres?"+socket, ports, hooks)

	eventually(t, "the index is complete", func() bool { return scrapeSeries(t, s).sum("oly_passkey_index_complete") == 1 })

	var people, answers, late, told atomic.Int64
	end := time.Now().Add(length)
	var wg sync.WaitGroup
	var early uint64
	wg.Go(func() {
		time.Sleep(length / 3) // connections and caches are there by then
		early = heap()
	})
	for worker := range 4 {
		wg.Go(func() {
			for time.Now().Before(end) && !t.Failed() {
				n := people.Add(1)
				l := &lifetime{t: t, s: s, p: newPerson(t, k, fmt.Sprintf("person-%d-%d", worker, n)), answers: &answers, late: &late, told: &told}
				l.run()
			}
		})
	}
	wg.Wait()
	final := heap()
	t.Logf("%d people, %d hooks, %d answers, %d looked again for a hook, heap %d MB after a third, %d MB at the end",
		people.Load(), told.Load(), answers.Load(), late.Load(), early>>20, final>>20)
	require.LessOrEqual(t, final, early+16<<20, "memory grows")
	requireCounters(t, s, answers.Load(), told.Load())
	require.GreaterOrEqual(t, people.Load(), int64(4), "each of the four workers")
}

// heap is what is live now, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// requireCounters compares the metrics with the numbers of queries and hooks.
func requireCounters(t *testing.T, s *running, answers, told int64) {
	t.Helper()
	const hooks = `path="/v1/hooks/kratos/`
	eventually(t, "every hook has come and was pulled", func() bool {
		m := scrapeSeries(t, s)
		return m.sum("oly_passkey_requests_total", hooks, `code="204"`) == told && m.sum("oly_passkey_pulls_waiting") == 0
	})
	m := scrapeSeries(t, s)
	require.Equal(t, told, m.sum("oly_passkey_requests_total", hooks), "no hook was refused")
	require.Equal(t, told, m.sum("oly_passkey_request_seconds_count", hooks))
	lag := m.sum("oly_passkey_hook_lag_seconds_count")
	require.Positive(t, lag)
	require.LessOrEqual(t, lag, told, "one pull may stand for several hooks, and none for none")
	require.Equal(t, answers, m.sum("oly_passkey_requests_total", `path="/v1/resolve"`))
	require.Equal(t, answers, m.sum("oly_passkey_request_seconds_count", `path="/v1/resolve"`))
	require.Equal(t, answers, m.sum("oly_passkey_resolve_answers_total"))
	require.Zero(t, m.sum("oly_passkey_resolve_answers_total", `answer="error"`))
	require.Zero(t, m.sum("oly_passkey_resolve_answers_total", `answer="ambiguous"`))
	asked := m.sum("oly_passkey_kratos_requests_total")
	require.Positive(t, asked)
	require.Equal(t, asked, m.sum("oly_passkey_kratos_requests_total", `"200"`)+m.sum("oly_passkey_kratos_requests_total", `"404"`)+
		m.sum("oly_passkey_kratos_requests_total", `"error"`), "before kratos was up there were errors, and nothing else than identities since")
}

// series are the lines of /metrics.
type series []string

func scrapeSeries(t *testing.T, s *running) series {
	t.Helper()
	resp, err := http.Get(s.MetricsURL() + "/metrics")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return strings.Split(string(raw), "\n")
}

// sum adds up the series of a metric that have all of these labels.
func (m series) sum(name string, labels ...string) int64 {
	total := 0.0
	for _, line := range m {
		labeled, value, _ := strings.Cut(line, " ")
		metric, rest, _ := strings.Cut(labeled, "{")
		has := metric == name
		for _, l := range labels {
			has = has && strings.Contains(rest, l)
		}
		if v, err := strconv.ParseFloat(value, 64); has && err == nil {
			total += v
		}
	}
	return int64(total)
}

// lifetime is the activity of one user, with the expected results for the keys.
type lifetime struct {
	t             *testing.T
	s             *running
	p             *person
	keys          []lifetimeKey
	answers, late *atomic.Int64
	told          *atomic.Int64 // hooks that Kratos has to send
}

type lifetimeKey struct {
	key
	method string
	live   bool
}

func (l *lifetime) run() {
	method := []string{"passkey", "webauthn"}[rand.IntN(2)]
	l.keys = append(l.keys, lifetimeKey{l.p.signUp(method), method, true})
	l.told.Add(1)
	l.check()
	for range 4 {
		if at := rand.IntN(len(l.keys)); rand.IntN(3) == 0 && l.keys[at].live && l.live() > 1 {
			l.p.remove(l.keys[at].method, l.keys[at].key)
			l.keys[at].live = false
		} else {
			method := []string{"passkey", "webauthn"}[rand.IntN(2)]
			l.keys = append(l.keys, lifetimeKey{l.p.add(method), method, true})
		}
		l.told.Add(1)
		l.check()
	}
	if rand.IntN(3) == 0 {
		status, raw := l.p.do(http.MethodDelete, l.p.kratos.admin+"/admin/identities/"+l.p.id, nil)
		require.Equal(l.t, http.StatusNoContent, status, "%s", raw)
		for _, k := range l.keys {
			l.becomes(k, func(a answer) bool { return errors.Is(a.err, client.ErrRemoved) }, true)
		}
	}
}

func (l *lifetime) live() int {
	n := 0
	for _, k := range l.keys {
		if k.live {
			n++
		}
	}
	return n
}

// check resolves every key: an identity in the result must be this user's.
func (l *lifetime) check() {
	for _, k := range l.keys {
		l.becomes(k, func(a answer) bool {
			if k.live {
				return a.id == l.p.id && a.matches == "true" && (a.state == "active" || a.state == "orphaned")
			}
			// The handle of keys that were added to webauthn in settings is shared.
			return errors.Is(a.err, client.ErrRemoved) || a.id == l.p.id && a.matches == "false"
		}, false)
	}
}

// becomes looks again until a hook has had its time.
func (l *lifetime) becomes(k lifetimeKey, right func(answer) bool, confirm bool) {
	l.t.Helper()
	q := about(k.key)
	q.Confirm = confirm
	var got answer
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got = ask(l.t, l.s, q)
		l.answers.Add(1)
		if got.err == nil && got.id != l.p.id {
			l.t.Errorf("wrong: %s was answered for a key of %s", got.id, l.p.id)
			return
		}
		if right(got) {
			return
		}
		l.late.Add(1)
		if time.Now().After(deadline) {
			l.t.Errorf("%s key of %s (live %v): %+v", k.method, l.p.id, k.live, got)
			return
		}
	}
}
