package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/internal/testing/shared"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestFieldInit runs configurations of ../shared/field, each with its own command
// line: what init and lint once did to them was harmful.
func TestFieldInit(t *testing.T) {
	field := shared.Path(t, "field")
	for name, c := range map[string]struct {
		code           int
		stdout, stderr string
		changes        func(t *testing.T, before, after string)
	}{
		"configmap-wiped":    {code: cli.ExitClean, stdout: "patched    kratos.yml", changes: patchedConfigMap},
		"configmap-panic":    {code: cli.ExitClean, stdout: "patched    kratos.yml", changes: patchedConfigMap},
		"init-schema-unseen": {code: cli.ExitUsage, stderr: `identity schema "default" was not found`},
		"helm-inline-schema": {code: cli.ExitFindings, stdout: "kratos.yml:29:133: error: no trait of identity schema \"default\" is annotated"},
		"init-changes-rp-id": {code: cli.ExitUsage, stderr: `relying party id "auth.example.com"`},
	} {
		t.Run(name, func(t *testing.T) {
			from := filepath.Join(field, name)
			args, err := os.ReadFile(filepath.Join(from, "args"))
			require.NoError(t, err)
			before, err := os.ReadFile(filepath.Join(from, "kratos.yml"))
			require.NoError(t, err)
			t.Chdir(t.TempDir())
			require.NoError(t, os.WriteFile("kratos.yml", before, 0o600))

			var stdout, stderr bytes.Buffer
			code := run(t.Context(), strings.Fields(string(args)), &app{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr})
			require.Equal(t, c.code, code, "%s%s", stdout.String(), stderr.String())
			require.Contains(t, stdout.String(), c.stdout)
			require.Contains(t, stderr.String(), c.stderr)
			after, err := os.ReadFile("kratos.yml")
			require.NoError(t, err)
			if c.changes == nil {
				require.Equal(t, string(before), string(after))
				return
			}
			c.changes(t, string(before), string(after))
			require.Equal(t, cli.ExitClean, run(t.Context(), []string{"lint", "-c", "kratos.yml"}, &app{stdout: &stdout, stderr: &stderr}), stdout.String())
		})
	}
}

// patchedConfigMap: the manifest is what it was, and both texts in it are edited.
func patchedConfigMap(t *testing.T, before, after string) {
	t.Helper()
	head, _, _ := strings.Cut(before, "  kratos.yml: |\n")
	require.True(t, strings.HasPrefix(after, head))
	require.Contains(t, after, "\n  identity.schema.json: |\n    {\n")
	left := after
	for line := range strings.Lines(before) {
		if strings.Contains(line, "ui_url: \"") && strings.Contains(line, "{") {
			continue // in braces, which the hooks go into
		}
		var ok bool
		_, left, ok = strings.Cut(left, line)
		require.True(t, ok, "the line %q is gone, or moved", line)
	}
	doc, err := kratosconf.Parse(source.New("kratos.yml", []byte(after)), kratosconf.ParseOptions{})
	require.NoError(t, err)
	require.True(t, doc.Root.Get("selfservice.methods.passkey.enabled").True())
	require.Contains(t, after, `"passkey": {"display_name": true}`)
}
