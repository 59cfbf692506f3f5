package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { value, ok := env[name]; return value, ok }
}

func TestConfiguration(t *testing.T) {
	dir := t.TempDir()
	keyFile := func(content string) string {
		name := filepath.Join(dir, "sidecar.key")
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
		return name
	}
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "KRATOS_URL is not set: set it to Kratos' public URL as browsers reach it"},
		{map[string]string{"KRATOS_URL": "auth.example.com"}, `invalid kratos url "auth.example.com": use an http or https URL`},
		{map[string]string{"SIGN_UP": "later"}, `invalid SIGN_UP "later": use code-first, passkey-first`},
		{map[string]string{"USER_VERIFICATION": "always"}, `invalid USER_VERIFICATION "always": use required, preferred`},
		{map[string]string{"KRATOS_URL": "http://k", "KRATOS_ADMIN_URL": "k:4434"}, `invalid kratos url "k:4434": use an http or https URL`},
		{map[string]string{"KRATOS_URL": "http://k", "SIDECAR_URL": "http://s"}, "SIDECAR_KEY_FILE is not set: set it to the sidecar's key file"},
		{map[string]string{"KRATOS_URL": "http://k", "SIDECAR_URL": "http://s", "SIDECAR_KEY_FILE": dir + "/none"}, "open " + dir + "/none: no such file or directory"},
		{map[string]string{"KRATOS_URL": "http://k", "SIDECAR_URL": "http://s", "SIDECAR_KEY_FILE": keyFile("# keys\nresolve: a\n")}, dir + `/sidecar.key has no key of scope "read"`},
		{map[string]string{"KRATOS_URL": "http://k", "LISTEN": "nowhere"}, "listen tcp: address nowhere: missing port in address"},
	} {
		require.EqualError(t, run(t.Context(), lookup(c.env), slog.New(slog.DiscardHandler)), c.want)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "both.key"), []byte("resolve:a\nread:b\nread:c\n"), 0o600))
	keys, err := readKeys(filepath.Join(dir, "both.key"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"resolve": "a", "read": "b"}, keys)
}

func TestServe(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, lookup(map[string]string{"KRATOS_URL": "https://auth.example.com", "LISTEN": address, "SIGN_UP": "passkey-first"}), slog.New(slog.DiscardHandler))
	}()
	var response *http.Response
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if response, err = client.Get("http://" + address + "/login"); err == nil {
			break
		}
	}
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, "https://auth.example.com/self-service/login/browser", response.Header.Get("Location"))
	stop()
	require.NoError(t, <-ended)
}
