//go:build realkratos

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/postgrestest"
)

// TestRealPostgresRestartsUnderLoad restarts the database repeatedly while hooks and
// lookups arrive: no response is wrong, and no acknowledged hook is lost.
func TestRealPostgresRestartsUnderLoad(t *testing.T) {
	restarts := 2
	if proof() {
		restarts = 20
	}
	cluster := postgrestest.Start(t)
	crowd, people := newCrowd(500)
	v := newVictim(t, crowd)
	dsn := filepath.Join(t.TempDir(), "dsn")
	require.NoError(t, os.WriteFile(dsn, []byte(cluster.Database(t)), 0o600))
	require.Equal(t, "--data-dir", v.args[3])
	v.args[3], v.args[4] = "--postgres-dsn-file", dsn
	v.start()
	v.requireAll(people)

	var stop atomic.Bool
	var refused, answered atomic.Int64
	var mu sync.Mutex
	var acknowledged []uuid.UUID
	var load sync.WaitGroup
	for worker := range 4 {
		load.Go(func() {
			for !stop.Load() {
				if id := crowd.add(false); v.hook(id) {
					mu.Lock()
					acknowledged = append(acknowledged, id)
					mu.Unlock()
				}
			}
		})
		load.Go(func() {
			for n := worker; !stop.Load(); n++ {
				id := people[n%len(people)]
				status, found, err := tryResolve(v.url, id)
				switch {
				case err != nil || status >= http.StatusInternalServerError:
					refused.Add(1)
				case status == http.StatusOK && found == id.String():
					answered.Add(1)
				default:
					t.Errorf("%s: %d %q", id, status, found)
				}
			}
		})
	}
	for range restarts {
		time.Sleep(300 * time.Millisecond)
		cluster.Stop(t)
		for deadline := time.Now().Add(20 * time.Second); v.get("/readyz") != http.StatusServiceUnavailable; time.Sleep(10 * time.Millisecond) {
			require.False(t, time.Now().After(deadline), "ready without a database")
		}
		cluster.Resume(t)
		for deadline := time.Now().Add(20 * time.Second); v.get("/readyz") != http.StatusOK; time.Sleep(10 * time.Millisecond) {
			require.False(t, time.Now().After(deadline), "not ready with a database")
		}
	}
	time.Sleep(300 * time.Millisecond)
	stop.Store(true)
	load.Wait()
	require.NotEmpty(t, acknowledged)
	require.Positive(t, refused.Load())
	require.Positive(t, answered.Load())
	t.Logf("%d restarts, %d hooks acknowledged, %d look-ups answered, %d refused", restarts, len(acknowledged), answered.Load(), refused.Load())
	v.requireAll(acknowledged)
	v.requireAll(people)
}

// tryResolve is like resolve but returns an error if the server fails.
func tryResolve(url string, id uuid.UUID) (status int, found string, err error) {
	resp, err := http.Post(url+"/v1/resolve", "application/json", strings.NewReader(fmt.Sprintf(`{"user_handle":%q}`, handleOf(id))))
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	return decodeResolved(resp)
}
