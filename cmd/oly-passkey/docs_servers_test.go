package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// stage is what stands behind the addresses that documents name: a fakecrowd of
// ten people where they say Kratos' admin API, free ports where they say the
// sidecar's, and somebody's user handle where they say HANDLE.
type stage struct {
	t                *testing.T
	addresses        *strings.Replacer
	listen, metrics  string
	handle, identity string
}

var (
	handlePlaceholder   = regexp.MustCompile(`\bHANDLE\b`)
	identityPlaceholder = regexp.MustCompile(`\bIDENTITY\b`)
	indexComplete       = regexp.MustCompile(`(?m)^oly_passkey_index_complete(\{.*\})? 1$`)
)

func newStage(t *testing.T) *stage {
	t.Helper()
	crowd := &fakecrowd{all: map[uuid.UUID]bool{}}
	for range 10 {
		crowd.add(true)
	}
	crowd.sort()
	kratos := httptest.NewServer(crowd)
	t.Cleanup(kratos.Close)
	s := &stage{t: t, listen: freeAddress(t), metrics: freeAddress(t), handle: handleOf(crowd.listed[0]), identity: crowd.listed[0].String()}
	s.addresses = strings.NewReplacer("http://127.0.0.1:4434", kratos.URL, "127.0.0.1:4477", s.listen, "127.0.0.1:4478", s.metrics)
	return s
}

// put gives lines of a document their addresses, a handle and an identity.
func (s *stage) put(lines string) string {
	lines = handlePlaceholder.ReplaceAllString(s.addresses.Replace(lines), s.handle)
	return identityPlaceholder.ReplaceAllString(lines, s.identity)
}

// start runs a server until the page ends, and waits until it is complete.
func (s *stage) start(dir, lines string) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	c := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", "exec "+strings.TrimSuffix(strings.TrimSpace(s.put(lines)), "&"))
	var out lockedBuffer
	c.Dir, c.Env, c.Stdout, c.Stderr = dir, append(os.Environ(), "OLY_PASSKEY_SERVE_LISTEN="+s.listen, "OLY_PASSKEY_SERVE_METRICS_LISTEN="+s.metrics), &out, &out
	require.NoError(s.t, c.Start())
	s.t.Cleanup(func() {
		cancel()
		_ = c.Wait()
	})
	require.Eventually(s.t, func() bool {
		res, err := http.Get("http://" + s.metrics + "/metrics")
		if err != nil {
			return false
		}
		defer func() { _ = res.Body.Close() }()
		var body bytes.Buffer
		_, err = body.ReadFrom(res.Body)
		return err == nil && indexComplete.MatchString(body.String())
	}, 20*time.Second, 50*time.Millisecond, "%s\n%s", lines, &out)
}
