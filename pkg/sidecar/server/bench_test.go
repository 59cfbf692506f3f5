package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/bolt"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// entries is how many identities the benchmarks' index has: 100,000, or
// OLY_PASSKEY_IDENTITIES.
func entries(b *testing.B) int {
	b.Helper()
	text := os.Getenv("OLY_PASSKEY_IDENTITIES")
	if text == "" {
		return 100_000
	}
	n, err := strconv.Atoi(text)
	require.NoError(b, err)
	return n
}

func benchHandle(n int) string {
	return fmt.Sprintf("%064d", n)
}

// fillIndex creates a complete index of identities with one passkey each.
func fillIndex(b *testing.B, dir string) {
	b.Helper()
	s, err := bolt.Open(dir)
	require.NoError(b, err)
	now := time.Now().UTC().Truncate(time.Microsecond)
	total, batch := entries(b), 20_000
	for from := 0; from < total; from += batch {
		ids := make([]uuid.UUID, 0, batch)
		numbers := map[uuid.UUID]int{}
		for n := from; n < min(total, from+batch); n++ {
			var id uuid.UUID
			copy(id[:], fmt.Sprintf("%016d", n))
			ids, numbers[id] = append(ids, id), n
		}
		require.NoError(b, s.Load(b.Context(), ids, func(id uuid.UUID, _ *index.Identity) *index.Identity {
			return &index.Identity{ID: id, SeenAt: now, Handles: []index.Handle{{
				Digest: userhandle.DigestOf([]byte(benchHandle(numbers[id]))), Kind: index.Passkey, State: index.Active, FirstSeen: now,
			}}}
		}, func(*index.Meta) {}))
	}
	require.NoError(b, s.FinishLoad(b.Context()))
	require.NoError(b, s.UpdateMeta(b.Context(), func(m *index.Meta) { m.BuiltAt, m.SweepStartedAt, m.SweepEndedAt = now, now, now }))
	require.NoError(b, s.Close())
}

// BenchmarkResolve asks over loopback for handles of a large index, with a bare
// handler that decodes and encodes the same JSON for comparison.
func BenchmarkResolve(b *testing.B) {
	dir := b.TempDir()
	fillIndex(b, dir)
	ctx, cancel := context.WithCancel(b.Context())
	s, err := server.New(ctx, server.Options{
		KratosAdminURL: "http://127.0.0.1:1", DataDir: dir, Dev: true,
		Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(b, err)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	total := entries(b)
	b.Run("sidecar", func(b *testing.B) { askAll(b, s.URL()+"/v1/resolve", total) })
	b.Run("bare", func(b *testing.B) { askAll(b, bareHandler(b), total) })
	cancel()
	require.NoError(b, <-done)
}

// bareHandler serves the same JSON without a lookup.
func bareHandler(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			UserHandle   string  `json:"user_handle"`
			CredentialID *string `json:"credential_id"`
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{ // what the sidecar answers
			"identity_id": uuid.Nil, "credential": "passkey", "state": "active", "credential_matches": nil,
			"source": "index", "confirmed_at": time.Time{},
		})
	})}
	go func() { _ = srv.Serve(l) }()
	b.Cleanup(func() { _ = srv.Close() })
	return "http://" + l.Addr().String()
}

// askAll asks from 32 connections and reports the 99th percentile.
func askAll(b *testing.B, url string, total int) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var mu sync.Mutex
	var took []time.Duration
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		var mine []time.Duration
		for pb.Next() {
			body := []byte(`{"user_handle":"` + benchHandle(rand.IntN(total)) + `"}`)
			from := time.Now()
			resp, err := client.Post(url, "application/json", bytes.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			mine = append(mine, time.Since(from))
			if resp.StatusCode != http.StatusOK {
				b.Error(resp.Status)
				return
			}
		}
		mu.Lock()
		took = append(took, mine...)
		mu.Unlock()
	})
	report(b, took)
}

func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
}

// BenchmarkHook measures how long a hook waits for its acknowledgement, one
// after the other and eight at once.
func BenchmarkHook(b *testing.B) {
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			s, err := server.New(ctx, server.Options{
				KratosAdminURL: "http://127.0.0.1:1", DataDir: b.TempDir(), Dev: true,
				Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler),
			})
			require.NoError(b, err)
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx) }()
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
			var mu sync.Mutex
			var took []time.Duration
			var wg sync.WaitGroup
			b.ResetTimer()
			for range clients {
				wg.Go(func() {
					for range b.N / clients {
						from := time.Now()
						resp, err := client.Post(s.URL()+"/v1/hooks/kratos/login", "application/json",
							bytes.NewReader([]byte(`{"identity_id":"`+uuid.NewString()+`"}`)))
						if err != nil {
							b.Error(err)
							return
						}
						_ = resp.Body.Close()
						mu.Lock()
						took = append(took, time.Since(from))
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			if len(took) > 0 {
				report(b, took)
			}
			cancel()
			require.NoError(b, <-done)
		})
	}
}
