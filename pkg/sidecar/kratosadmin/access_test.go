package kratosadmin_test

import (
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// list asks a server for its list of identities.
func list(t *testing.T, url string, a kratosadmin.Access) error {
	t.Helper()
	transport, err := a.Transport()
	require.NoError(t, err)
	c, err := kratosadmin.New(kratosadmin.Options{URL: url, Transport: transport, Tries: 1})
	require.NoError(t, err)
	_, err = c.List(t.Context(), "")
	return err
}

func TestAccessHeaders(t *testing.T) {
	var got atomic.Pointer[http.Header]
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header.Clone()
		got.Store(&h)
		_, _ = fmt.Fprint(w, "[]")
	}))
	defer s.Close()
	token := writeFile(t, "secret\n")
	headers := writeFile(t, "# ours\nX-Tenant: a\nX-Tenant: b\n\nX-Other:c")
	a := kratosadmin.Access{TokenFile: token, HeaderFile: headers}
	require.NoError(t, list(t, s.URL, a))
	require.Equal(t, []string{"Bearer secret"}, (*got.Load())["Authorization"])
	require.Equal(t, []string{"a", "b"}, (*got.Load())["X-Tenant"])
	require.Equal(t, []string{"c"}, (*got.Load())["X-Other"])

	require.NoError(t, os.WriteFile(token, []byte("rotated"), 0o600))
	require.NoError(t, list(t, s.URL, a))
	require.Equal(t, []string{"Bearer rotated"}, (*got.Load())["Authorization"])
}

func TestAccessSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "oly") //nolint:usetesting // t.TempDir may be too long for a socket
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, "[]")
	})}}
	s.Start()
	defer s.Close()
	require.NoError(t, list(t, "http://kratos", kratosadmin.Access{Socket: path}))
}

func TestAccessTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "[]") }))
	defer s.Close()
	require.ErrorContains(t, list(t, s.URL, kratosadmin.Access{}), "certificate signed by unknown authority")
	ca := writeFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	require.NoError(t, list(t, s.URL, kratosadmin.Access{CAFile: ca}))
}

func TestAccessPace(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "[]") }))
	defer s.Close()
	transport, err := kratosadmin.Access{MaxRPS: 50}.Transport()
	require.NoError(t, err)
	c, err := kratosadmin.New(kratosadmin.Options{URL: s.URL, Transport: transport})
	require.NoError(t, err)
	from := time.Now()
	for range 6 {
		_, err := c.List(t.Context(), "")
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, time.Since(from), 100*time.Millisecond, "five waits of 20 ms")
}

func TestAccessErrors(t *testing.T) {
	empty, junk := writeFile(t, " \n"), writeFile(t, "secret without a name")
	lines, bell := writeFile(t, "secret\nanother\n"), writeFile(t, "X-A: b\nX-Tenant: sec\aret\n")
	name, long := writeFile(t, "X(Tenant): secret\n"), writeFile(t, "X-Tenant: "+strings.Repeat("x", 64<<10))
	for _, tc := range []struct {
		access kratosadmin.Access
		want   string
	}{
		{kratosadmin.Access{TokenFile: "/nowhere"}, "kratos token file: open /nowhere: no such file or directory"},
		{kratosadmin.Access{TokenFile: empty}, fmt.Sprintf("kratos token file %q is empty", empty)},
		{kratosadmin.Access{HeaderFile: "/nowhere"}, "kratos header file: open /nowhere: no such file or directory"},
		{kratosadmin.Access{HeaderFile: junk}, junk + `:1: expected "Name: value"`},
		{kratosadmin.Access{TokenFile: lines}, fmt.Sprintf("kratos token file %q contains more than one line, or a character that is not allowed in an HTTP header", lines)},
		{kratosadmin.Access{HeaderFile: bell}, bell + ":2: the value contains a character that is not allowed in an HTTP header"},
		{kratosadmin.Access{HeaderFile: name}, name + `:1: expected "Name: value"`},
		{kratosadmin.Access{HeaderFile: long}, fmt.Sprintf("kratos header file %q: bufio.Scanner: token too long", long)},
		{kratosadmin.Access{CAFile: "/nowhere"}, "kratos CA file: open /nowhere: no such file or directory"},
		{kratosadmin.Access{CAFile: junk}, fmt.Sprintf("kratos CA file %q contains no certificate", junk)},
		{kratosadmin.Access{CertFile: junk}, "a client certificate for Kratos needs both --kratos-client-cert-file and --kratos-client-key-file"},
		{kratosadmin.Access{CertFile: junk, KeyFile: junk}, "kratos client certificate: tls: failed to find any PEM data in certificate input"},
	} {
		_, err := tc.access.Transport()
		require.EqualError(t, err, tc.want)
	}
}
