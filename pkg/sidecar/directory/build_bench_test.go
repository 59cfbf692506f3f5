package directory_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/bolt"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// fakekratos lists as many identities as it is told, each with one passkey, in
// the order of their ids and as fast as it can.
func fakekratos(total int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := 0
		if token := r.URL.Query().Get("page_token"); token != "" {
			from, _ = strconv.Atoi(token) // our own token
		}
		to := min(from+1000, total)
		if to < total {
			w.Header().Set("Link", fmt.Sprintf(`</admin/identities?page_token=%d>; rel="next"`, to))
		}
		w.Header().Set("Content-Type", "application/json")
		out := bufio.NewWriterSize(w, 64<<10)
		defer func() { _ = out.Flush() }()
		_ = out.WriteByte('[')
		for n := from; n < to; n++ {
			if n > from {
				_ = out.WriteByte(',')
			}
			_, _ = out.WriteString(`{"id":"`)
			_, _ = out.WriteString(personID(n, total).String())
			_, _ = out.WriteString(`","credentials":{"code":{"type":"code","identifiers":["person@example.com"],"version":0,"created_at":"2026-11-22T00:00:00Z","updated_at":"2026-11-22T00:00:00Z"},"passkey":{"type":"passkey","identifiers":["`)
			_, _ = out.WriteString(personHandle(n))
			_, _ = out.WriteString(`"],"version":1,"created_at":"2026-11-22T00:00:00Z","updated_at":"2026-11-22T00:00:00Z"}},"schema_id":"default","schema_url":"http://localhost:4433/schemas/ZGVmYXVsdA","state":"active","state_changed_at":"2026-11-22T00:00:00Z","traits":{"email":"person@example.com"},"metadata_public":null,"metadata_admin":null,"created_at":"2026-11-22T00:00:00Z","updated_at":"2026-11-22T00:00:00Z","organization_id":null}`)
		}
		_ = out.WriteByte(']')
	})
}

// personID spreads ids evenly, in order.
func personID(n, total int) uuid.UUID {
	var id uuid.UUID
	step := ^uint64(0) / uint64(total+1)
	binary.BigEndian.PutUint64(id[:], uint64(n+1)*step)
	sum := sha256.Sum256(id[:8])
	copy(id[8:], sum[:8])
	return id
}

func personHandle(n int) string {
	sum := sha256.Sum256(strconv.AppendInt(nil, int64(n), 10))
	return base64.RawURLEncoding.EncodeToString(append(sum[:], sum[:16]...))
}

// BenchmarkBuild reads a list of OLY_PASSKEY_IDENTITIES (100,000) identities
// into a new bbolt file; BenchmarkList only reads it.
func BenchmarkBuild(b *testing.B) {
	s := httptest.NewServer(fakekratos(identities(b)))
	defer s.Close()
	for b.Loop() {
		build(b, s.URL)
	}
	b.ReportMetric(float64(identities(b)*b.N)/b.Elapsed().Seconds(), "identities/s")
}

func build(b *testing.B, url string) {
	b.Helper()
	store, err := bolt.Open(b.TempDir())
	require.NoError(b, err)
	defer func() { require.NoError(b, store.Close()) }()
	client, err := kratosadmin.New(kratosadmin.Options{URL: url})
	require.NoError(b, err)
	d, err := directory.New(b.Context(), directory.Options{Store: store, Kratos: client, Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	for {
		st, err := d.Status(b.Context())
		require.NoError(b, err)
		if st.Complete {
			require.Equal(b, identities(b), st.Stats.Active)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	require.NoError(b, <-done)
}

// BenchmarkList pages through the same list and throws it away.
func BenchmarkList(b *testing.B) {
	s := httptest.NewServer(fakekratos(identities(b)))
	defer s.Close()
	client, err := kratosadmin.New(kratosadmin.Options{URL: s.URL})
	require.NoError(b, err)
	for b.Loop() {
		for token := ""; ; {
			page, err := client.List(b.Context(), token)
			require.NoError(b, err)
			if token = page.Next; token == "" {
				break
			}
		}
	}
	b.ReportMetric(float64(identities(b)*b.N)/b.Elapsed().Seconds(), "identities/s")
}

func identities(b *testing.B) int {
	b.Helper()
	text := os.Getenv("OLY_PASSKEY_IDENTITIES")
	if text == "" {
		return 100_000
	}
	n, err := strconv.Atoi(text)
	require.NoError(b, err)
	return n
}
