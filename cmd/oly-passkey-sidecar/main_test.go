package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// TestLinksTheSidecarAlone: the service knows nothing of configurations, and of
// the commands only what both programs have.
func TestLinksTheSidecarAlone(t *testing.T) {
	const module = "github.com/olympusoss/oly-passkey/"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	leaves := []string{"pkg/aaguid", "pkg/api", "pkg/flagtable", "pkg/safetext", "pkg/httpx", "pkg/source", "pkg/userhandle", "pkg/webauthn"}
	for path := range strings.Lines(string(out)) {
		name, ours := strings.CutPrefix(strings.TrimSpace(path), module)
		if !ours || name == "cmd/oly-passkey-sidecar" || strings.HasPrefix(name, "cmd/internal/") || strings.HasPrefix(name, "pkg/sidecar/") {
			continue
		}
		require.Contains(t, leaves, name)
	}
}

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		args     []string
		code     int
		out, err string
	}{
		{[]string{"version"}, cli.ExitClean, "oly-passkey", ""},
		{[]string{"serve"}, cli.ExitUsage, "", "oly-passkey-sidecar: error: serve needs --kratos-admin-url"},
		{[]string{"lint"}, cli.ExitUsage, "", `oly-passkey-sidecar: hint: run "oly-passkey-sidecar --help" for usage`},
		{[]string{"index", "stats", "--data-dir", "nowhere"}, cli.ExitFailed, "", `no index`},
	} {
		var out, errs bytes.Buffer
		a := &cli.App{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
		require.Equal(t, c.code, a.Run(t.Context(), newRoot(a), c.args), c.args)
		require.Contains(t, out.String(), c.out)
		require.Contains(t, errs.String(), c.err)
	}
}
