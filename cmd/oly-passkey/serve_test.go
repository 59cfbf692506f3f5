package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestServeReloads changes everything that a running server takes over, and
// what it does not.
func TestServeReloads(t *testing.T) {
	s := newServing(t, 1)
	keys := write(t, s.dir, "sidecar.key", "resolve:old\nread:read\n")
	config := func(rest string) {
		write(t, s.dir, "serve.yml", fmt.Sprintf("kratos-admin-url: %s\nlisten: %s\nmetrics-listen: %s\npublic-listen: %s\napi-key-file: %s\n%s",
			s.kratos, s.listen, s.admin, s.public, keys, rest))
	}
	documents := "well-known-dir: " + s.dir + "\n"
	publish(t, s.dir, "passkey-endpoints", `{"enroll":"https://example.com/settings"}`)
	config(documents)
	p := spawn(t, []string{"OLY_PASSKEY_SERVE_DATA_DIR=" + filepath.Join(s.dir, "data")}, "serve", "--options-file", filepath.Join(s.dir, "serve.yml"))
	p.answers(http.StatusOK, "http://"+s.admin+"/readyz")
	p.logs(1, "index is complete")
	resolve := func(key string) int {
		status, _ := request(t, http.DefaultClient, http.MethodPost, "http://"+s.listen+"/v1/resolve", key, `{"user_handle":"nobody"}`)
		return status
	}
	require.Equal(t, http.StatusNotFound, resolve("old"))

	// Another key file, a limit, other documents and a line a request, at once.
	keys = write(t, s.dir, "next.key", "resolve:new\n")
	publish(t, s.dir, "passkey-endpoints", `{"enroll":"https://example.com/passkeys"}`)
	config(documents + "max-handles: 0.001\nlog-level: debug\nmax-age: 1h\n")
	p.signal(syscall.SIGHUP)
	p.logs(1, `changed="[api-key-file max-handles log-level]"`)
	p.logs(1, `msg="these options need a restart; keeping their previous values" options=[max-age]`)
	require.Equal(t, http.StatusUnauthorized, resolve("old"))
	require.Equal(t, http.StatusNotFound, resolve("new"))
	status, body := get(t, "http://"+s.public+"/.well-known/passkey-endpoints")
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"enroll":"https://example.com/passkeys"}`, body)
	p.logs(2, `msg=request method=POST path=/v1/resolve `)
	batch := strings.TrimSuffix(strings.Repeat(`{"user_handle":"x"},`, 1000), ",")
	status, _ = request(t, http.DefaultClient, http.MethodPost, "http://"+s.listen+"/v1/resolve/batch", "new", `{"queries":[`+batch+`]}`)
	require.Equal(t, http.StatusTooManyRequests, status)

	// Whatever is wrong with the new ones, the old ones stay.
	for n, mistake := range []string{
		documents + "max-handels: 3\n", "well-known-dir: nowhere\n", "", documents + "api-key-file: none\n", documents + "tls-cert-file: x\n",
	} {
		config(mistake)
		p.signal(syscall.SIGHUP)
		p.logs(n+1, "reload failed, keeping the previous configuration")
	}
	write(t, s.dir, "next.key", "nothing: of use\n")
	config(documents)
	p.signal(syscall.SIGHUP)
	p.logs(6, "reload failed, keeping the previous configuration")
	require.Equal(t, http.StatusNotFound, resolve("new"), "the limit is gone with none of them")

	p.signal(syscall.SIGTERM)
	p.ends()
}

// TestServeDrains: readyz says so first, requests are taken for a while longer,
// those under way are answered, and what was acknowledged is not lost.
func TestServeDrains(t *testing.T) {
	s := newServing(t, 3)
	p := spawn(t, nil, s.args("--dev", "--drain-delay", "2s")...)
	p.logs(1, "index is complete")
	late := s.crowd.add(false)

	body, send := io.Pipe()
	req, err := http.NewRequest(http.MethodPost, "http://"+s.listen+"/v1/hooks/kratos/registration", body)
	require.NoError(t, err)
	answered := make(chan int, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			answered <- 0
			return
		}
		_ = resp.Body.Close()
		answered <- resp.StatusCode
	}()
	_, err = io.WriteString(send, `{"identity_id":`)
	require.NoError(t, err)

	p.signal(syscall.SIGTERM)
	p.answers(http.StatusServiceUnavailable, "http://"+s.admin+"/readyz")
	status, _ := get(t, "http://"+s.admin+"/livez")
	require.Equal(t, http.StatusOK, status)
	status, _ = request(t, http.DefaultClient, http.MethodPost, "http://"+s.listen+"/v1/resolve", "", fmt.Sprintf(`{"user_handle":%q}`, handleOf(s.crowd.listed[0])))
	require.Equal(t, http.StatusOK, status, "requests are still taken")
	p.becomes("the door is shut", func() bool {
		status, _ := get(t, "http://"+s.listen+"/openapi.json")
		return status == 0
	})
	_, err = fmt.Fprintf(send, "%q}", late)
	require.NoError(t, err)
	require.NoError(t, send.Close())
	require.Equal(t, http.StatusNoContent, <-answered)
	p.ends()
	p.logs(1, "msg=stopped")

	again := spawn(t, nil, s.args("--dev")...)
	again.becomes("the late hook is pulled", func() bool {
		status, _ := request(t, http.DefaultClient, http.MethodPost, "http://"+s.listen+"/v1/resolve", "", fmt.Sprintf(`{"user_handle":%q}`, handleOf(late)))
		return status == http.StatusOK
	})
}

// TestServePublic: the documents are there, and nothing else is.
func TestServePublic(t *testing.T) {
	s := newServing(t, 1)
	publish(t, s.dir, "passkey-endpoints", `{"enroll":"https://example.com/settings"}`)
	publish(t, s.dir, "apple-app-site-association", `{"webcredentials":{"apps":["ABCDE12345.com.example.app"]}}`)
	publish(t, s.dir, "other", `{}`)
	p := spawn(t, nil, s.args("--dev", "--public-listen", s.public, "--well-known-dir", s.dir)...)
	p.answers(http.StatusOK, "http://"+s.admin+"/readyz")
	status, body := get(t, "http://"+s.public+"/.well-known/passkey-endpoints")
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"enroll":"https://example.com/settings"}`, body)
	status, body = get(t, "http://"+s.public+"/.well-known/apple-app-site-association")
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"webcredentials":{"apps":["ABCDE12345.com.example.app"]}}`, body)
	for _, path := range []string{
		"/", "/openapi.json", "/metrics", "/livez", "/readyz", "/v1/index", "/.well-known/", "/.well-known/webauthn", "/.well-known/other",
		"/.well-known/../v1/index", "/v1/identities/11111111-1111-4111-8111-111111111111/signals",
	} {
		status, _ := get(t, "http://"+s.public+path)
		require.Equal(t, http.StatusNotFound, status, path)
	}
	status, _ = request(t, http.DefaultClient, http.MethodPost, "http://"+s.public+"/v1/resolve", "", `{"user_handle":"x"}`)
	require.Equal(t, http.StatusNotFound, status)
	status, _ = request(t, http.DefaultClient, http.MethodPost, "http://"+s.public+"/.well-known/passkey-endpoints", "", "{}")
	require.Equal(t, http.StatusMethodNotAllowed, status)
	_, body = get(t, "http://"+s.admin+"/metrics")
	require.Contains(t, body, `oly_passkey_requests_total{code="200",path="/.well-known/"} 2`)
}

// TestServeLogsJSON: every line is an object.
func TestServeLogsJSON(t *testing.T) {
	s := newServing(t, 1)
	p := spawn(t, nil, s.args("--dev", "--log-format", "json", "--name", "one")...)
	p.logs(1, `"msg":"index is complete"`)
	p.signal(syscall.SIGTERM)
	p.ends()
	for _, line := range strings.Split(strings.TrimSpace(p.log.String()), "\n") {
		require.Regexp(t, `^\{"time":"[^"]+","level":"INFO","msg":"[^"]+".*\}$`, line)
	}
}

// TestServeEndsAtTheSecondSignal: a second signal ends serve at once.
func TestServeEndsAtTheSecondSignal(t *testing.T) {
	s := newServing(t, 1)
	p := spawn(t, nil, s.args("--dev", "--drain-delay", "10m")...)
	p.logs(1, "index is complete")
	p.signal(syscall.SIGTERM)
	p.logs(1, "draining")
	// It gives the signal back to the system beside what the log says, so that the
	// very next one may still be the first one's.
	p.becomes("ended by a signal", func() bool {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case err := <-p.done:
			p.done <- err
			require.EqualError(t, err, "signal: terminated")
			return true
		default:
			return false
		}
	})
}

// publish writes a document for --well-known-dir.
func publish(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, ".well-known"), 0o700))
	write(t, filepath.Join(dir, ".well-known"), name, text)
}
