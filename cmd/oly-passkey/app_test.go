package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// brokenWriter panics, as any bug would.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { panic("index out of range [0]\nwith length 0") }

// TestPanicIsOneSentence: a panic ends the command with one sentence and exit code 3,
// and with a stack trace only on request.
func TestPanicIsOneSentence(t *testing.T) {
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"version"}, &app{stdout: brokenWriter{}, stderr: &stderr})
	require.Equal(t, cli.ExitFailed, code)
	require.Equal(t, "oly-passkey: error: this is a bug in oly-passkey "+cli.Version().Version+
		" (index out of range [0] with length 0); please report it with the command line at https://github.com/olympusoss/oly-passkey/issues\n", stderr.String())

	stderr.Reset()
	code = run(t.Context(), []string{"version"}, &app{stdout: brokenWriter{}, stderr: &stderr, environ: []string{"OLY_PASSKEY_DEBUG=1"}})
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr.String(), "goroutine ")
}
