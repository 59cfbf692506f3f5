//go:build realkratos

package server_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/client"
)

// fakesystemctl starts, stops and reloads the real sidecar, as its unit would.
const fakesystemctl = `#!/bin/bash
set -eu
case $1 in
start)
	%s serve --kratos-admin-url http://127.0.0.1:4434 --data-dir data --api-key-file sidecar.key --listen 127.0.0.1:4477 --metrics-listen 127.0.0.1:4478 >> serve.log 2>&1 < /dev/null &
	echo $! > pid
	for _ in $(seq 200); do curl -sf http://127.0.0.1:4478/readyz > /dev/null && exit 0; sleep 0.05; done
	cat serve.log; exit 1 ;;
stop) kill -TERM $(cat pid); while kill -0 $(cat pid) 2> /dev/null; do sleep 0.02; done ;;
reload) kill -HUP $(cat pid) ;;
esac
`

// runbooks is the page, run in one shell after another in one folder.
type runbooks struct {
	t       *testing.T
	dir     string
	puts    *strings.Replacer
	environ string // the variables of the blocks before
}

func newRunbooks(t *testing.T, k *realKratos, ports []string, metrics string) *runbooks {
	t.Helper()
	r := &runbooks{t: t, dir: t.TempDir()}
	r.puts = strings.NewReplacer("http://127.0.0.1:4434", k.admin, "127.0.0.1:4477", "127.0.0.1:"+ports[0], "127.0.0.1:4478", metrics)
	bin := filepath.Join(r.dir, "bin")
	require.NoError(t, os.Mkdir(bin, 0o700))
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "oly-passkey"), "../../../cmd/oly-passkey")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.WriteFile(filepath.Join(bin, "systemctl"), []byte(r.puts.Replace(fmt.Sprintf(fakesystemctl, filepath.Join(bin, "oly-passkey")))), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "sidecar.key"), []byte(testKeys), 0o600))
	t.Cleanup(func() {
		_, _ = r.shell("systemctl stop oly-passkey")
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(r.dir, "serve.log"))
			t.Logf("%s", log)
		}
	})
	return r
}

func (r *runbooks) shell(lines string) (string, error) {
	c := exec.Command("bash", "-euo", "pipefail", "-c", r.environ+r.puts.Replace(lines))
	c.Dir = r.dir
	c.Env = append(os.Environ(), "PATH="+filepath.Join(r.dir, "bin")+":"+os.Getenv("PATH"), "NO_COLOR=1")
	c.WaitDelay = time.Second
	out, err := c.CombinedOutput()
	for _, line := range strings.Split(lines, "\n") {
		if assignment.MatchString(line) {
			r.environ += r.puts.Replace(line) + "\n"
		}
	}
	return string(out), err
}

// assignment keeps what a block takes out of a file for the blocks after it; a
// new key is made once.
var assignment = regexp.MustCompile(`^[A-Z]+=\$\(sed `)

var runbookBlock = regexp.MustCompile("(?s)(?:<!-- then: ([^\n]*) -->\n)?<!-- not run: TestRealRunbooks runs it -->\n```sh\n(.*?)```")

// TestRealRunbooks runs every command of the runbooks, from top to bottom.
func TestRealRunbooks(t *testing.T) {
	for _, tool := range []string{"curl", "jq", "openssl"} {
		_, err := exec.LookPath(tool)
		require.NoError(t, err, "apt-get install %s", tool)
	}
	ports, own := kratostest.FreePorts(t, 2), kratostest.FreePorts(t, 2)
	var hooks [3]string
	for i, flow := range []string{"registration", "login", "settings"} {
		hooks[i] = hookTo("http://127.0.0.1:"+own[0], "/v1/hooks/kratos/"+flow, "hooks-key")
	}
	k := startKratos(t, ports, hooks, "selfservice: { flows: { recovery: { enabled: true, use: code, ui_url: http://localhost:4455/recovery } } }")
	r := newRunbooks(t, k, own, "127.0.0.1:"+own[1])
	out, err := r.shell("systemctl start oly-passkey")
	require.NoError(t, err, out)

	owner := newPerson(t, k, "owner")
	kept := owner.signUp("passkey")
	stolen := owner.add("passkey")
	c, err := client.New(client.Options{URL: "http://127.0.0.1:" + own[0], Key: "resolve-key", Tries: 1})
	require.NoError(t, err)
	s := &running{client: c}
	becomes(t, s, about(stolen), answer{id: owner.id, credential: "passkey", state: "active", matches: "true"})
	becomes(t, s, about(kept), answer{id: owner.id, credential: "passkey", state: "active", matches: "true"})

	page, err := os.ReadFile("../../../docs/runbooks.md")
	require.NoError(t, err)
	var outputs []string
	for _, block := range runbookBlock.FindAllStringSubmatch(string(page), -1) {
		if block[1] != "" {
			require.Equal(t, "the owner removes the passkey in settings", block[1])
			status, raw := owner.signIn(kept)
			require.Equal(t, http.StatusOK, status, "%s", raw)
			owner.remove("passkey", stolen)
		}
		lines := strings.NewReplacer("IDENTITY", owner.id, "HANDLE", b64(stolen.handle)).Replace(block[2])
		out, err := r.shell(lines)
		require.NoError(t, err, "%s\n%s", lines, out)
		outputs = append(outputs, out)
		if strings.Contains(lines, `"inactive"`) {
			status, raw := owner.signIn(kept)
			require.NotEqual(t, http.StatusOK, status, "%s", raw)
		}
		if strings.Contains(lines, `NEW=oly_`) {
			r.environ += newKey(t, r.dir)
		}
	}
	said := strings.Join(outputs, "\n")
	for _, want := range []string{`"complete": true`, "state:               removed\n", "exported 1 identities", "imported 1 identities", "1 identities verified", "\n400\n"} {
		require.Contains(t, said, want)
	}
	becomes(t, s, about(stolen), answer{err: client.ErrRemoved})
	becomes(t, s, about(kept), answer{id: owner.id, credential: "passkey", state: "active", matches: "true"})
}

// newKey returns the key that a block created, for the blocks after it.
func newKey(t *testing.T, dir string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "sidecar.key"))
	require.NoError(t, err)
	key := regexp.MustCompile(`(?m)^hooks:(oly_.*)$`).FindSubmatch(raw)
	require.NotNil(t, key)
	return "NEW=" + string(key[1]) + "\n"
}
