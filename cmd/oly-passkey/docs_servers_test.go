package main

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

// stage replaces the addresses and placeholders in a document: Kratos' admin API by
// a fakecrowd of ten users, the sidecar by the server that the page started, and
// HANDLE and IDENTITY by those of one user.
type stage struct {
	t                *testing.T
	addresses        []string // of the document and of now, in pairs
	handle, identity string
}

var (
	handlePlaceholder   = regexp.MustCompile(`\bHANDLE\b`)
	identityPlaceholder = regexp.MustCompile(`\bIDENTITY\b`)
	servingLine         = regexp.MustCompile(`msg=serving .*api=(\S+) operations=(\S+)`)
)

func newStage(t *testing.T) *stage {
	t.Helper()
	crowd := &fakecrowd{all: map[uuid.UUID]bool{}}
	for range 10 {
		crowd.add(true)
	}
	crowd.sort()
	person := slices.IndexFunc(crowd.listed, func(id uuid.UUID) bool { return handleOf(id)[0] != '-' }) // it would need -- before it
	kratos := httptest.NewServer(crowd)
	t.Cleanup(kratos.Close)
	return &stage{
		t: t, handle: handleOf(crowd.listed[person]), identity: crowd.listed[person].String(),
		addresses: []string{"http://127.0.0.1:4434", kratos.URL},
	}
}

// put gives lines of a document their addresses, a handle and an identity.
func (s *stage) put(lines string) string {
	lines = handlePlaceholder.ReplaceAllLiteralString(strings.NewReplacer(s.addresses...).Replace(lines), s.handle)
	return identityPlaceholder.ReplaceAllString(lines, s.identity)
}

// start runs a server until the page ends, and waits until it is complete.
func (s *stage) start(dir, lines string) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	c := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", "exec "+strings.TrimSuffix(strings.TrimSpace(s.put(lines)), "&"))
	var out kratostest.Output
	c.Dir, c.Env, c.Stdout, c.Stderr = dir, append(os.Environ(), "OLY_PASSKEY_SERVE_LISTEN=127.0.0.1:0", "OLY_PASSKEY_SERVE_METRICS_LISTEN=127.0.0.1:0"), &out, &out
	require.NoError(s.t, c.Start())
	s.t.Cleanup(func() {
		cancel()
		_ = c.Wait()
	})
	require.Eventually(s.t, func() bool { return strings.Contains(out.String(), "index is complete") }, time.Minute, 50*time.Millisecond, "%s\n%s", lines, &out)
	serving := servingLine.FindStringSubmatch(out.String())
	require.NotNil(s.t, serving, &out)
	s.addresses = append(s.addresses, "http://127.0.0.1:4477", serving[1], "http://127.0.0.1:4478", serving[2])
}
