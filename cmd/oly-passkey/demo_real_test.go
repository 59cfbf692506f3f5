//go:build realkratos

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

// TestRealDemoCommand reads the one line that demo prints, opens that page, and
// ends the command as ctrl-C does.
func TestRealDemoCommand(t *testing.T) {
	ctx, ctrlC := context.WithCancel(t.Context())
	defer ctrlC()
	stdout, pipe := io.Pipe()
	var stderr bytes.Buffer
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, []string{
			"demo", "--kratos-bin", kratostest.Binary(t), "--dir", t.TempDir(), "--webauthn", "passwordless",
			"--ui-port", "0", "--public-port", "0", "--admin-port", "0", "--sidecar-port", "0", "--metrics-port", "0",
		}, &app{stdout: pipe, stderr: &stderr})
		_ = pipe.Close()
	}()

	lines := bufio.NewReader(stdout)
	url, err := lines.ReadString('\n')
	require.NoError(t, err, "%s", &stderr)
	require.Regexp(t, `^http://localhost:[0-9]+\n$`, url)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url[:len(url)-1]+"/login", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request) // without cookies, so it ends on the page that says so
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusBadRequest, response.StatusCode)

	ctrlC()
	require.Equal(t, cli.ExitClean, <-exit)
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	require.Empty(t, rest, "one line is all")
	require.Equal(t, "starting Kratos, the pages and the sidecar; Ctrl-C stops them\n", stderr.String())
}
