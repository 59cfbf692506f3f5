package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

func TestFindKratos(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("PATH", filepath.Join(dir, "path"))
	program := func(name string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
		return path
	}
	_, err := FindKratos("")
	require.EqualError(t, err, "no kratos binary found in bin/kratos or PATH; install one (github.com/ory/kratos/releases) or pass --kratos-bin")
	_, err = FindKratos("mine")
	require.EqualError(t, err, `cannot run the kratos binary "mine"; install one (github.com/ory/kratos/releases), or build it with: make kratos`)

	// The nearer one wins.
	for _, name := range []string{"path/kratos", "bin/kratos"} {
		want := program(name)
		got, err := FindKratos("")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	want := program("mine")
	got, err := FindKratos("./mine")
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// TestBusyPort: an error names the flag of each port that is in use, before anything
// is started or written.
func TestBusyPort(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, busy.Close()) }()
	port := busy.Addr().(*net.TCPAddr).Port
	for flag, ports := range map[string]Ports{
		"--ui-port":      {UI: port},
		"--public-port":  {Public: port},
		"--admin-port":   {Admin: port},
		"--sidecar-port": {Sidecar: port},
		"--metrics-port": {Metrics: port},
	} {
		dir := filepath.Join(t.TempDir(), "demo")
		_, err := Start(t.Context(), Options{Dir: dir, Ports: ports, Log: io.Discard})
		text := strconv.Itoa(port)
		require.EqualError(t, err, "port "+text+" is in use or not allowed (listen tcp 127.0.0.1:"+text+
			": bind: address already in use); choose another with "+flag+" (0 for any free port)")
		require.NoDirExists(t, dir)
	}
}

func TestFolderOfAnotherDemo(t *testing.T) {
	dir := t.TempDir()
	d := &Demo{URL: "http://localhost:1001", KratosURL: "http://localhost:1002", AdminURL: "http://127.0.0.1:1003", SidecarURL: "http://127.0.0.1:1004"}
	first, err := d.configure(dir, Options{SignUp: setup.PasskeyFirst})
	require.NoError(t, err)
	again, err := d.configure(dir, Options{SignUp: setup.PasskeyFirst})
	require.NoError(t, err)
	require.Equal(t, first, again, "secrets outlive a restart")

	_, err = d.configure(dir, Options{SignUp: setup.CodeFirst})
	require.EqualError(t, err, strconv.Quote(dir)+` contains a configuration for other flags (["kratos.yml" "identity.schema.json" "README.md" "kratos.env"] differs); use the flags of the first run, or another directory`)
}

// TestKratosFails starts programs that are no Kratos: what they say is told, and
// nothing stays behind.
func TestKratosFails(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	script := func(body string) string {
		path := filepath.Join(t.TempDir(), "kratos")
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o755))
		return path
	}
	_, err := Start(t.Context(), Options{KratosBin: script("echo no database; exit 7\n"), SignUp: setup.PasskeyFirst, Log: io.Discard})
	require.EqualError(t, err, "kratos migrate sql: exit status 7\nno database")

	_, err = Start(t.Context(), Options{KratosBin: script("[ $1 = migrate ] && exit 0\necho gave up; exit 8\n"), SignUp: setup.PasskeyFirst, Log: io.Discard})
	require.EqualError(t, err, "kratos exited unexpectedly: exit status 8\ngave up")

	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestCheck(t *testing.T) {
	d := &Demo{URL: "http://localhost:4455", KratosURL: "http://localhost:4433"}
	require.Empty(t, d.check("http://localhost:4455/login", "localhost"))
	for page, rpID := range map[string]string{
		"http://127.0.0.1:4455/login": "localhost",
		"http://localhost:4455/login": "example.com",
		"http://localhost:9999/login": "localhost",
		"nothing":                     "localhost",
	} {
		require.NotEmpty(t, d.check(page, rpID), page)
	}
}

func TestInbox(t *testing.T) {
	box := withInbox(http.NotFoundHandler())
	deliver := func(body string) int {
		w := httptest.NewRecorder()
		box.ServeHTTP(w, httptest.NewRequest(http.MethodPost, deliverPath, strings.NewReader(body)))
		return w.Code
	}
	get := func(path string) string {
		w := httptest.NewRecorder()
		box.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusOK, w.Code)
		return w.Body.String()
	}
	require.Contains(t, get("/mail"), "No emails yet.")
	require.Equal(t, http.StatusBadRequest, deliver("nonsense"))
	require.Equal(t, http.StatusBadRequest, deliver(`{"body":"`+strings.Repeat("a", maxMail)+`"}`))
	for i := range maxMails + 5 {
		mail, err := json.Marshal(map[string]string{"recipient": "<ada@example.org>", "subject": "Mail", "body": "number " + strconv.Itoa(100000+i)})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, deliver(string(mail)))
	}
	page := get("/mail")
	require.Contains(t, page, "&lt;ada@example.org&gt;")
	require.Contains(t, page, `<p class="code"><code>100104</code></p>`)
	var list []mail
	require.NoError(t, json.NewDecoder(bytes.NewBufferString(get("/mail.json"))).Decode(&list))
	require.Len(t, list, maxMails)
	require.Equal(t, "number 100104", list[0].Body)

	// A page elsewhere in the browser must not fill it.
	r := httptest.NewRequest(http.MethodPost, deliverPath, strings.NewReader(`{}`))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	box.ServeHTTP(w, r)
	require.Equal(t, http.StatusForbidden, w.Code)
}
