package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

// fakecrowd is a Kratos with many identities, each with one passkey. Its list has
// only some of them; the index learns of the others by hooks alone.
type fakecrowd struct {
	mu     sync.Mutex
	listed []uuid.UUID // in order
	all    map[uuid.UUID]bool
}

// handleOf derives an identity's user handle.
func handleOf(id uuid.UUID) string {
	sum := sha256.Sum256(id[:])
	return base64.RawURLEncoding.EncodeToString(append(sum[:], sum[:16]...))
}

func identityJSON(id uuid.UUID) string {
	h := handleOf(id)
	return fmt.Sprintf(`{"id":%q,"schema_id":"d","schema_url":"u","traits":{},"credentials":{"passkey":{"identifiers":[%q],"config":{"user_handle":%q,"credentials":[{"id":%q}]}}}}`,
		id, h, base64.StdEncoding.EncodeToString([]byte(h)), base64.StdEncoding.EncodeToString(id[:]))
}

func (c *fakecrowd) add(listed bool) uuid.UUID {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := uuid.New()
	c.all[id] = true
	if listed {
		c.listed = append(c.listed, id)
	}
	return id
}

func (c *fakecrowd) sort() {
	slices.SortFunc(c.listed, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}

func (c *fakecrowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path != "/admin/identities" {
		id, err := uuid.Parse(strings.TrimPrefix(r.URL.Path, "/admin/identities/"))
		if err != nil || !c.all[id] {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"error":{"code":404,"status":"Not Found","message":"Unable to locate the resource"}}`)
			return
		}
		_, _ = fmt.Fprint(w, identityJSON(id))
		return
	}
	if ids := r.URL.Query().Get("ids"); ids != "" {
		id, err := uuid.Parse(ids)
		if err != nil || !c.all[id] {
			_, _ = fmt.Fprint(w, "[]")
			return
		}
		_, _ = fmt.Fprintf(w, "[%s]", identityJSON(id))
		return
	}
	from := 0
	if token := r.URL.Query().Get("page_token"); token != "" {
		last := uuid.MustParse(token)
		at, found := slices.BinarySearchFunc(c.listed, last, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
		if from = at; found {
			from++
		}
	}
	const pageSize = 500
	to := min(from+pageSize, len(c.listed))
	if to < len(c.listed) {
		w.Header().Set("Link", fmt.Sprintf(`</admin/identities?page_token=%s>; rel="next"`, c.listed[to-1]))
	}
	out := bufio.NewWriter(w)
	for n, id := range c.listed[from:to] {
		_, _ = out.WriteString(map[bool]string{true: "[", false: ","}[n == 0])
		_, _ = out.WriteString(identityJSON(id))
	}
	if to == from {
		_, _ = out.WriteString("[")
	}
	_, _ = out.WriteString("]")
	_ = out.Flush()
}

// victim is the real command in a process of its own, to be killed.
type victim struct {
	t      *testing.T
	binary string
	args   []string
	url    string
	// metrics is the host:port of the operations.
	metrics string
	cmd     *exec.Cmd
	log     *bytes.Buffer
}

func newVictim(t *testing.T, kratos http.Handler) *victim {
	t.Helper()
	s := httptest.NewServer(kratos)
	t.Cleanup(s.Close)
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	v := &victim{t: t, binary: filepath.Join(dir, "oly-passkey")} // TestMain runs main under this name
	require.NoError(t, os.Symlink(self, v.binary))
	free := kratostest.FreeAddresses(t, 2)
	v.url, v.metrics = "http://"+free[0], free[1]
	v.args = []string{"serve", "--kratos-admin-url", s.URL, "--data-dir", filepath.Join(dir, "data"), "--dev", "--listen", free[0], "--metrics-listen", free[1]}
	t.Cleanup(func() {
		if v.cmd != nil {
			v.kill()
		}
		if t.Failed() {
			t.Log(v.log)
		}
	})
	return v
}

func (v *victim) start() {
	v.t.Helper()
	v.log = &bytes.Buffer{}
	v.cmd = exec.CommandContext(context.Background(), v.binary, v.args...)
	v.cmd.Stderr = v.log
	require.NoError(v.t, v.cmd.Start())
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		resp, err := http.Get(v.url + "/openapi.json")
		if err == nil {
			_ = resp.Body.Close()
			return
		}
		require.False(v.t, time.Now().After(deadline), "serve does not answer: %v\n%s", err, v.log)
	}
}

// kill is kill -9.
func (v *victim) kill() {
	_ = v.cmd.Process.Kill()
	_ = v.cmd.Wait() // it was killed
	v.cmd = nil
}

// hook sends the hook of an identity and reports whether it was acknowledged.
func (v *victim) hook(id uuid.UUID) bool {
	resp, err := http.Post(v.url+"/v1/hooks/kratos/registration", "application/json", strings.NewReader(fmt.Sprintf(`{"identity_id":%q}`, id)))
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusNoContent
}

// resolve resolves an identity's handle and returns the status and the identity.
func (v *victim) resolve(id uuid.UUID) (int, string) {
	v.t.Helper()
	resp, err := http.Post(v.url+"/v1/resolve", "application/json", strings.NewReader(fmt.Sprintf(`{"user_handle":%q}`, handleOf(id))))
	require.NoError(v.t, err)
	defer func() { _ = resp.Body.Close() }()
	status, found, err := decodeResolved(resp)
	require.NoError(v.t, err)
	return status, found
}

func decodeResolved(resp *http.Response) (status int, found string, err error) {
	var answer struct {
		IdentityID string `json:"identity_id"`
	}
	err = json.NewDecoder(resp.Body).Decode(&answer)
	return resp.StatusCode, answer.IdentityID, err
}

// requireAll requires that every identity is found, each at most a minute after the
// one before, and that no handle ever resolves to another identity.
func (v *victim) requireAll(people []uuid.UUID) {
	v.t.Helper()
	for _, id := range people {
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			status, found := v.resolve(id)
			if status == http.StatusOK {
				require.Equal(v.t, id.String(), found)
				break
			}
			require.False(v.t, time.Now().After(deadline), "%s is lost: %d\n%s", id, status, v.log)
		}
	}
}

func proof() bool { return os.Getenv("OLY_PASSKEY_PROOF") != "" }

// TestKillDuringHooks kills the server repeatedly while hooks arrive: acknowledged
// hooks are pulled after the next start.
func TestKillDuringHooks(t *testing.T) {
	rounds, hooks := 4, 200
	if proof() {
		rounds, hooks = 50, 21_000
	}
	crowd := &fakecrowd{all: map[uuid.UUID]bool{}}
	crowd.add(true)
	v := newVictim(t, crowd)
	var acknowledged []uuid.UUID
	var mu sync.Mutex
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged)
	}
	for round := range rounds {
		v.start()
		var killed atomic.Bool
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for !killed.Load() {
					if id := crowd.add(false); v.hook(id) {
						mu.Lock()
						acknowledged = append(acknowledged, id)
						mu.Unlock()
					}
				}
			})
		}
		// At a moment of its own in every round, and all of them together after
		// so many hooks.
		until := hooks*round/rounds + 1 + rand.IntN(hooks/rounds)
		for deadline := time.Now().Add(time.Minute); count() < until; time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond) {
			require.False(t, time.Now().After(deadline), "no hooks are acknowledged\n%s", v.log)
		}
		v.kill()
		killed.Store(true)
		wg.Wait()
	}
	v.start()
	t.Logf("%d hooks were acknowledged over %d kills", count(), rounds)
	v.requireAll(acknowledged)
}

// TestKillDuringBuild kills the server repeatedly while it builds the index.
func TestKillDuringBuild(t *testing.T) {
	rounds, people := 3, 30_000
	if proof() {
		rounds, people = 50, 200_000
	}
	crowd := &fakecrowd{all: map[uuid.UUID]bool{}}
	for range people {
		crowd.add(true)
	}
	crowd.sort()
	v := newVictim(t, crowd)
	for range rounds {
		v.start()
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
		v.kill()
	}
	v.start()
	var sample []uuid.UUID
	for range 2000 {
		sample = append(sample, crowd.listed[rand.IntN(people)])
	}
	v.requireAll(sample)
}
