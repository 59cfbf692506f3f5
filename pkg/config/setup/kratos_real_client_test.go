//go:build realkratos

package setup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

// kratos is a running server and a browser's cookies for it.
type kratos struct {
	t      *testing.T
	public string // base URL on loopback, whatever base_url says
	admin  string
	cookie map[string]string
}

// startKratos runs Kratos exactly as the README says: the shell reads
// kratos.env. Only the ports come from outside.
func startKratos(t *testing.T, dir string) *kratos {
	t.Helper()
	ports := kratostest.FreePorts(t, 2)
	command := func(line string) *exec.Cmd {
		c := exec.CommandContext(context.Background(), "sh", "-c", line, kratostest.Binary(t))
		c.Dir, c.WaitDelay = dir, 10*time.Second
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "SERVE_PUBLIC_PORT=" + ports[0], "SERVE_ADMIN_PORT=" + ports[1]}
		return c
	}
	out, err := command(`env $(cat kratos.env) "$0" migrate sql -e --yes -c kratos.yml`).CombinedOutput()
	require.NoError(t, err, "%s", out)

	k := &kratos{t: t, public: "http://127.0.0.1:" + ports[0], admin: "http://127.0.0.1:" + ports[1], cookie: map[string]string{}}
	kratostest.Run(t, command(`exec env $(cat kratos.env) "$0" serve -c kratos.yml --sqa-opt-out --watch-courier`), k.admin+"/admin/health/ready")
	return k
}

// do sends JSON as a single-page application would, with the cookies so far.
func (k *kratos) do(method, url string, body any) (int, []byte) {
	k.t.Helper()
	b, err := json.Marshal(body)
	require.NoError(k.t, err)
	req, err := http.NewRequest(method, url, bytes.NewReader(b))
	require.NoError(k.t, err)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	for name, value := range k.cookie {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(k.t, err)
	defer func() { _ = resp.Body.Close() }()
	for _, c := range resp.Cookies() {
		k.cookie[c.Name] = c.Value
	}
	answer, err := io.ReadAll(resp.Body)
	require.NoError(k.t, err)
	return resp.StatusCode, answer
}

// corsAnswer is the origin that Kratos allows a script from origin to be.
func (k *kratos) corsAnswer(origin string) string {
	k.t.Helper()
	req, err := http.NewRequest(http.MethodGet, k.public+"/self-service/login/browser", http.NoBody)
	require.NoError(k.t, err)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Origin", origin)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(k.t, err)
	require.NoError(k.t, resp.Body.Close())
	require.Equal(k.t, http.StatusOK, resp.StatusCode)
	return resp.Header.Get("Access-Control-Allow-Origin")
}

// flow is the part of a Kratos flow that the tests look at.
type flow struct {
	ID string `json:"id"`
	UI struct {
		Action   string    `json:"action"`
		Nodes    []node    `json:"nodes"`
		Messages []message `json:"messages"`
	} `json:"ui"`
	ContinueWith []struct {
		Action string `json:"action"`
		To     string `json:"redirect_browser_to"`
	} `json:"continue_with"`
}

type node struct {
	Group      string `json:"group"`
	Attributes struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	} `json:"attributes"`
}

type message struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

func (f flow) value(name string) (string, bool) {
	for _, n := range f.UI.Nodes {
		if n.Attributes.Name == name {
			s, _ := n.Attributes.Value.(string)
			return s, true
		}
	}
	return "", false
}

// submits are the values of the submit buttons called method.
func (f flow) submits() []string {
	var all []string
	for _, n := range f.UI.Nodes {
		if s, ok := n.Attributes.Value.(string); ok && n.Attributes.Name == "method" {
			all = append(all, s)
		}
	}
	return all
}

func (k *kratos) begin(kind string) flow {
	k.t.Helper()
	return k.decode(k.do(http.MethodGet, k.public+"/self-service/"+kind+"/browser", nil))(http.StatusOK)
}

// submit posts fields to a flow and requires a status code.
func (k *kratos) submit(kind string, f flow, status int, fields map[string]any) flow {
	k.t.Helper()
	fields["csrf_token"], _ = f.value("csrf_token")
	return k.decode(k.do(http.MethodPost, k.public+"/self-service/"+kind+"?flow="+f.ID, fields))(status)
}

func (k *kratos) decode(status int, body []byte) func(want int) flow {
	return func(want int) flow {
		k.t.Helper()
		require.Equal(k.t, want, status, "%s", body)
		var f flow
		require.NoError(k.t, json.Unmarshal(body, &f), "%s", body)
		return f
	}
}

// received records what Kratos sends: hooks and mails.
type received struct {
	mu  sync.Mutex
	all []call
}

type call struct {
	Path, Key string
	Body      map[string]any
}

// recordCalls starts a server in place of the sidecar and the mail server.
func recordCalls(t *testing.T, answer http.HandlerFunc) (*received, string) {
	t.Helper()
	r := &received{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c := call{Path: req.URL.Path, Key: req.Header.Get("X-Api-Key")}
		_ = json.NewDecoder(req.Body).Decode(&c.Body)
		r.mu.Lock()
		r.all = append(r.all, c)
		r.mu.Unlock()
		answer(w, req)
	}))
	t.Cleanup(s.Close)
	return r, s.URL
}

// wait waits for the first call to a path and returns it.
func (r *received) wait(t *testing.T, path string) call {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r.mu.Lock()
		for _, c := range r.all {
			if strings.HasPrefix(c.Path, path) {
				r.mu.Unlock()
				return c
			}
		}
		r.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("nothing came to %s within 20 s", path)
		}
	}
}
