package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// command runs one command line in this process.
func command(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(ctx, args, &app{stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs})
	return code, out.String(), errs.String()
}

const (
	somebody = "11111111-1111-4111-8111-111111111111"
	raw      = "sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj"
)

// serveFor runs the serve command beside a Kratos that lists one identity, and
// answers the sidecar's address and a key file.
func serveFor(t *testing.T) (url, keyFile string) {
	t.Helper()
	return serveBeside(t, map[string][]string{somebody: {raw}})
}

// serveBeside is serveFor with the passkey handles of each identity.
func serveBeside(t *testing.T, people map[string][]string) (url, keyFile string) {
	t.Helper()
	identities := make(map[string]string)
	for id, handles := range people {
		list, err := json.Marshal(handles)
		require.NoError(t, err)
		var keys []string
		for i := range handles {
			keys = append(keys, fmt.Sprintf(`{"id":%q}`, base64.StdEncoding.EncodeToString([]byte(id+strconv.Itoa(i)))))
		}
		identities["/admin/identities/"+id] = fmt.Sprintf(
			`{"id":%q,"schema_id":"d","schema_url":"u","traits":{},"credentials":{"passkey":{"identifiers":%s,"config":{"credentials":[%s]}}}}`,
			id, list, strings.Join(keys, ","))
	}
	fakekratos := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch identity, ok := identities[r.URL.Path]; {
		case r.URL.Path == "/admin/identities":
			if id := r.URL.Query().Get("ids"); id != "" {
				_, _ = fmt.Fprint(w, "["+identities["/admin/identities/"+id]+"]")
				return
			}
			_, _ = fmt.Fprint(w, "["+strings.Join(slices.Sorted(maps.Values(identities)), ",")+"]")
		case ok:
			_, _ = fmt.Fprint(w, identity)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"error":{"code":404,"status":"Not Found","message":"Unable to locate the resource"}}`)
		}
	}))
	t.Cleanup(fakekratos.Close)
	dir := t.TempDir()
	keyFile = filepath.Join(dir, "sidecar.key")
	require.NoError(t, os.WriteFile(keyFile, []byte("hooks:h\nresolve:r\nread:d\n"), 0o600))

	log, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{
			"serve", "--kratos-admin-url", fakekratos.URL, "--data-dir", filepath.Join(dir, "data"),
			"--api-key-file", keyFile, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",
		}, &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: w})
		_ = w.Close()
	}()
	lines := &lines{waiting: make(chan string, 1)}
	var reader sync.WaitGroup
	reader.Go(func() { _, _ = io.Copy(lines, log) })
	t.Cleanup(func() {
		cancel()
		require.Equal(t, cli.ExitClean, <-done)
		reader.Wait()
		require.Contains(t, lines.text.String(), "msg=stopped")
	})
	select {
	case url = <-lines.waiting:
	case <-time.After(20 * time.Second):
		t.Fatal("serve did not say where it listens")
	}
	return url, keyFile
}

// lines finds the address in serve's log.
type lines struct {
	text    bytes.Buffer
	waiting chan string
}

func (l *lines) Write(p []byte) (int, error) {
	if m := regexp.MustCompile(`msg=serving .*api=(\S+)`).FindSubmatch(p); m != nil {
		l.waiting <- string(m[1])
	}
	return l.text.Write(p)
}

func TestResolveCommand(t *testing.T) {
	url, keyFile := serveFor(t)
	resolve := func(args ...string) (int, string, string) {
		return command(t.Context(), raw+"\n", append([]string{"resolve", "--sidecar", url, "--api-key-file", keyFile}, args...)...)
	}
	var code int
	var stdout, stderr string
	for deadline := time.Now().Add(20 * time.Second); ; {
		if code, stdout, stderr = resolve(raw); code == cli.ExitClean {
			break
		}
		require.Equal(t, cli.ExitFailed, code, "%s", stderr) // 503 until the index is complete
		require.False(t, time.Now().After(deadline), "%s", stderr)
	}
	at := regexp.MustCompile(`confirmed_at:        \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$`)
	require.Regexp(t, at, stdout)
	require.Equal(t, `identity_id:         11111111-1111-4111-8111-111111111111
credential:          passkey
state:               active
credential_matches:  -
source:              index
`, at.ReplaceAllString(stdout, ""))

	code, stdout, stderr = resolve("--format", "id", "-")
	require.Equal(t, cli.ExitClean, code, "%s", stderr)
	require.Equal(t, somebody+"\n", stdout)

	code, stdout, stderr = resolve("--format", "json", raw)
	require.Equal(t, cli.ExitClean, code, "%s", stderr)
	var answer map[string]any
	require.NoError(t, json.Unmarshal([]byte(stdout), &answer))
	delete(answer, "confirmed_at")
	require.Equal(t, map[string]any{
		"identity_id": somebody, "credential": "passkey", "state": "active", "credential_matches": nil, "source": "index",
	}, answer)

	code, stdout, stderr = resolve("nobodys-handle")
	require.Equal(t, cli.ExitFindings, code)
	require.Empty(t, stdout)
	require.Equal(t, "oly-passkey: error: the sidecar responded with 404: unknown user handle: no identity is known to have this user handle\n", stderr)

	code, stdout, stderr = command(t.Context(), "", "resolve", "--sidecar", url+"/v1", "--api-key-file", keyFile, raw)
	require.Equal(t, cli.ExitFailed, code, "a path below the sidecar's says nothing about the handle")
	require.Empty(t, stdout)
	require.Equal(t, "oly-passkey: error: "+url+" is not an oly-passkey sidecar (404 Not Found)\n", stderr)

	wrong := filepath.Join(t.TempDir(), "wrong.key")
	require.NoError(t, os.WriteFile(wrong, []byte("resolve:x\n"), 0o600))
	code, _, stderr = command(t.Context(), "", "resolve", "--sidecar", url, "--api-key-file", wrong, raw)
	require.Equal(t, cli.ExitFailed, code)
	require.Equal(t, "oly-passkey: error: the sidecar responded with 401: missing or unknown API key: send one key, either as Authorization: Bearer KEY or as X-Api-Key: KEY\n", stderr)
}
