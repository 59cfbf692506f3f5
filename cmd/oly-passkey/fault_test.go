package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// Every fault here is injected into the real command, which runs as a process.
// docs/dev/faults.md documents the expected results.

// troubled is a Kratos behind a proxy that injects a fault until it is removed.
type troubled struct {
	crowd   *fakecrowd
	trouble atomic.Pointer[trouble]
}

type trouble struct {
	answer   func(w http.ResponseWriter, r *http.Request, crowd http.Handler)
	restored chan struct{}
}

func (k *troubled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := k.trouble.Load()
	if t == nil {
		k.crowd.ServeHTTP(w, r)
		return
	}
	t.answer(w, r, k.crowd)
}

func (k *troubled) fail(answer func(http.ResponseWriter, *http.Request, http.Handler)) {
	k.trouble.Store(&trouble{answer, make(chan struct{})})
}

func (k *troubled) restore() { close(k.trouble.Swap(nil).restored) }

// kratosTroubles returns handlers for the ways in which a Kratos can fail, by name.
func kratosTroubles(k *troubled) map[string]func(http.ResponseWriter, *http.Request, http.Handler) {
	says := func(status int, body string) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	return map[string]func(http.ResponseWriter, *http.Request, http.Handler){
		"down":            func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) },
		"500":             says(http.StatusInternalServerError, `{"error":{"code":500}}`),
		"garbage":         says(http.StatusOK, "<html>hello</html>"),
		"a million lines": says(http.StatusOK, strings.Repeat("{\n", 1_000_000)),
		"another server":  says(http.StatusNotFound, "404 page not found"),
		"hangs": func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			if t := k.trouble.Load(); t != nil {
				select {
				case <-t.restored:
				case <-r.Context().Done():
				}
			}
			panic(http.ErrAbortHandler)
		},
		"429": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		},
		"half an answer": func(w http.ResponseWriter, r *http.Request, crowd http.Handler) {
			all := httptest.NewRecorder()
			crowd.ServeHTTP(all, r)
			for name, values := range all.Header() {
				w.Header()[name] = values
			}
			w.Header().Set("Content-Length", strconv.Itoa(all.Body.Len()))
			_, _ = w.Write(all.Body.Bytes()[:all.Body.Len()/2])
			panic(http.ErrAbortHandler)
		},
	}
}

func newCrowd(people int) (*fakecrowd, []uuid.UUID) {
	crowd := &fakecrowd{all: map[uuid.UUID]bool{}}
	var all []uuid.UUID
	for range people {
		all = append(all, crowd.add(true))
	}
	crowd.sort()
	return crowd, all
}

// TestKratosTroubles: while Kratos fails, the sidecar still resolves handles, accepts
// hooks and deletes no identity; afterwards it pulls the hooks' identities.
func TestKratosTroubles(t *testing.T) {
	for name := range kratosTroubles(nil) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crowd, people := newCrowd(50)
			kratos := &troubled{crowd: crowd}
			v := newVictim(t, kratos)
			v.start()
			v.awaitComplete()
			kratos.fail(kratosTroubles(kratos)[name])
			late := crowd.add(false)
			require.True(t, v.hook(late), "the hook is taken")
			v.requireAll(people)
			v.requireStatus(http.StatusNotFound, late) // not pulled yet
			if name != "hangs" {
				require.Equal(t, http.StatusServiceUnavailable, v.post("/v1/resolve", fmt.Sprintf(`{"user_handle":%q,"confirm":true}`, handleOf(people[0]))))
			}
			require.Equal(t, http.StatusOK, v.get("/readyz"))
			kratos.restore()
			v.requireAll([]uuid.UUID{late})
		})
	}
}

// TestKratosTroublesWhileBuilding: an index that is not complete says so, and
// goes on once Kratos answers.
func TestKratosTroublesWhileBuilding(t *testing.T) {
	for name := range kratosTroubles(nil) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crowd, people := newCrowd(1200) // three pages
			kratos := &troubled{crowd: crowd}
			kratos.fail(kratosTroubles(kratos)[name])
			v := newVictim(t, kratos)
			v.start()
			late := crowd.add(false)
			require.True(t, v.hook(late), "the hook is taken")
			v.requireStatus(http.StatusServiceUnavailable, people[0])
			v.requireStatus(http.StatusServiceUnavailable, late)
			require.Equal(t, http.StatusOK, v.get("/readyz"))
			kratos.restore()
			v.requireAll(append(people, late))
		})
	}
}

// TestEmptyKratos: a Kratos that has lost all identities deletes none in the index,
// and the sidecar does not start with it, as with any other foreign Kratos.
func TestEmptyKratos(t *testing.T) {
	crowd, people := newCrowd(300)
	empty, _ := newCrowd(0)
	kratos := &troubled{crowd: crowd}
	v := newVictim(t, kratos)
	v.start()
	v.requireAll(people)
	kratos.fail(func(w http.ResponseWriter, r *http.Request, _ http.Handler) { empty.ServeHTTP(w, r) })
	require.Equal(t, http.StatusAccepted, v.post("/v1/index/reconcile", ""))
	v.awaitMissing(len(people))
	v.requireAll(people)
	kratos.restore()
	require.Equal(t, http.StatusAccepted, v.post("/v1/index/reconcile", ""))
	v.awaitMissing(0)
	v.requireAll(people)
	v.kill()

	for name, other := range map[string]int{"empty": 0, "different": 300} {
		t.Run(name, func(t *testing.T) {
			another, _ := newCrowd(other)
			kratos.fail(func(w http.ResponseWriter, r *http.Request, _ http.Handler) { another.ServeHTTP(w, r) })
			defer kratos.restore()
			again := *v
			again.t = t
			again.requireRefusal("oly-passkey: error: serve: index belongs to another Kratos: none of the sampled identities exist there; " +
				"use another data directory, or empty this one if Kratos was replaced")
		})
	}
}

// TestTwoProcesses: the second one that opens an index ends at once, and the
// first one does not notice.
func TestTwoProcesses(t *testing.T) {
	crowd, people := newCrowd(3)
	v := newVictim(t, crowd)
	v.start()
	second := *v
	second.args = append([]string{}, v.args...)
	for n, arg := range second.args {
		if arg == "--listen" || arg == "--metrics-listen" {
			second.args[n+1] = "127.0.0.1:0"
		}
	}
	data := second.args[4]
	require.Equal(t, "--data-dir", second.args[3])
	second.requireRefusal(fmt.Sprintf("oly-passkey: error: open %q: the index is in use by another process", filepath.Join(data, "index.db")))
	v.requireAll(people)
}

// TestDamagedWhileServing: a server whose index is damaged while it runs reports the
// damage, and no lookup returns a wrong identity.
func TestDamagedWhileServing(t *testing.T) {
	crowd, people := newCrowd(100)
	v := newVictim(t, crowd)
	v.start()
	v.awaitComplete()
	f, err := os.OpenFile(filepath.Join(v.args[4], "index.db"), os.O_RDWR, 0)
	require.NoError(t, err)
	info, err := f.Stat()
	require.NoError(t, err)
	const heads = 8 << 10
	_, err = f.WriteAt(make([]byte, info.Size()-heads), heads)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	require.True(t, v.hook(crowd.add(false)), "the queue is sound")
	require.Equal(t, http.StatusServiceUnavailable, v.get("/readyz"))
	require.Equal(t, http.StatusOK, v.get("/livez"))
	for _, id := range people {
		status, found := v.resolve(id)
		if status != http.StatusInternalServerError {
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, id.String(), found)
		}
	}
	require.NoError(t, v.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, v.cmd.Wait(), v.log)
	v.cmd = nil
	require.Contains(t, v.log.String(), "is damaged")
	require.NotContains(t, v.log.String(), "goroutine ")
}

// TestDiskFull: hooks that cannot be stored are not acknowledged, acknowledged ones are
// kept, and lookups still work. Once there is room again, everything does.
func TestDiskFull(t *testing.T) {
	crowd, people := newCrowd(100)
	v := newVictim(t, crowd)
	disk := t.TempDir()
	v.args[4] = filepath.Join(disk, "data")
	// A private file system that is gone when the process ends.
	mount := []string{"-m", "sh", "-c", `mount -t tmpfs -o size=4m none "$0" && exec "$@"`, disk, v.binary}
	if os.Getuid() != 0 {
		mount = append([]string{"-r"}, mount...)
	}
	v.binary, v.args = "unshare", append(mount, v.args...)
	v.start()
	v.requireAll(people)
	ballast := fmt.Sprintf("/proc/%d/root%s", v.cmd.Process.Pid, filepath.Join(disk, "ballast"))
	fillDisk(t, ballast)
	var acknowledged []uuid.UUID
	for full := false; !full; {
		require.Less(t, len(acknowledged), 20_000, "the disk is full, and hooks are taken")
		id := crowd.add(false)
		if v.hook(id) {
			acknowledged = append(acknowledged, id)
		} else {
			full = true
		}
	}
	v.requireAll(people)
	require.Equal(t, http.StatusOK, v.get("/livez"))
	require.NoError(t, os.Remove(ballast))
	id := crowd.add(false)
	require.True(t, v.hook(id), "there is room again")
	v.requireAll(append(acknowledged, id))
	log := v.log
	v.kill()
	require.Contains(t, log.String(), "no space left on device")
}

// fillDisk writes a file until the disk is full.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	for _, size := range []int{64 << 10, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
	}
	require.NoError(t, f.Close())
}

// slowly opens connections to an address and sends one byte per second on each.
func slowly() {
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	var all []net.Conn
	for range count {
		c, err := net.Dial("tcp", os.Args[1])
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(c, "POST /v1/resolve HTTP/1.1\r\nHost: sidecar\r\nX-Slow: ")
		all = append(all, c)
	}
	fmt.Print("connected")
	for {
		time.Sleep(time.Second)
		for _, c := range all {
			_, _ = io.WriteString(c, "x") // it may have been closed
		}
	}
}

// requireStatus requires a response about an identity that does not name one.
func (v *victim) requireStatus(want int, id uuid.UUID) {
	v.t.Helper()
	status, found := v.resolve(id)
	require.Equal(v.t, want, status)
	require.Empty(v.t, found)
}

func (v *victim) post(path, body string) int {
	v.t.Helper()
	resp, err := http.Post(v.url+path, "application/json", strings.NewReader(body))
	require.NoError(v.t, err)
	require.NoError(v.t, resp.Body.Close())
	return resp.StatusCode
}

// get asks the listener of the operations.
func (v *victim) get(path string) int {
	v.t.Helper()
	resp, err := http.Get("http://" + v.metrics + path)
	require.NoError(v.t, err)
	require.NoError(v.t, resp.Body.Close())
	return resp.StatusCode
}

// awaitComplete waits until the first build is done.
func (v *victim) awaitComplete() {
	v.t.Helper()
	v.awaitIndex("complete", true)
}

// awaitMissing waits until a sweep has found the given number of missing identities.
func (v *victim) awaitMissing(want int) {
	v.t.Helper()
	v.awaitIndex("missing", float64(want))
}

// awaitIndex waits until a field of GET /v1/index has a value.
func (v *victim) awaitIndex(field string, want any) {
	v.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(v.url + "/v1/index")
		require.NoError(v.t, err)
		var status map[string]any
		err = errors.Join(json.NewDecoder(resp.Body).Decode(&status), resp.Body.Close())
		require.NoError(v.t, err)
		if status[field] == want {
			return
		}
		require.False(v.t, time.Now().After(deadline), "%s is %v", field, status[field])
	}
}

// requireRefusal requires that the command exits with 3 and that its output ends with
// words.
func (v *victim) requireRefusal(words string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, v.binary, v.args...)
	cmd.Stderr = &said
	var exit *exec.ExitError
	require.ErrorAs(v.t, cmd.Run(), &exit)
	require.Equal(v.t, cli.ExitFailed, exit.ExitCode(), "%s", &said)
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	require.Equal(v.t, words, lines[len(lines)-1])
}

// TestFaultsDocument: every test that the document names is there.
func TestFaultsDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/dev/faults.md")
	require.NoError(t, err)
	there := make(map[string]bool)
	for _, pattern := range []string{"*_test.go", "../../pkg/*/*_test.go", "../../pkg/*/*/*_test.go", "../../pkg/*/*/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range files {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			for _, test := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\) \{`).FindAllStringSubmatch(string(raw), -1) {
				there[test[1]] = true
			}
		}
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, named)
	for _, name := range named {
		require.True(t, there[name[1]], "docs/dev/faults.md names %s, and there is no such test", name[1])
	}
}
