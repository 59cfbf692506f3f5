package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/shared"
)

// TestFieldDoesNoHarm lints configurations like those of published deployments:
// what lint must not change or report as an error.
func TestFieldDoesNoHarm(t *testing.T) {
	field := shared.Path(t, "field")
	const address = "identity.schema.json:13:10: error passkey-signup-unverified-address\n"
	const template = "kratos.yml:14:19: warning template-unrendered\n"
	for _, c := range []struct {
		name string
		args []string
		exit int
		want string // place, severity and rule of each finding
	}{
		{"aal-autofix-disables-2fa", []string{"lint", "-c", "kratos.yml", "--fix=suggested"}, 1, "kratos.yml:28:34: warning required-aal-trap\n" + address},
		{"session-hook-autofix", []string{"lint", "-c", "kratos.yml", "--fix"}, 1, "kratos.yml:13:7: info no-session-hook\n" + address},
		{"placeholder-uppercase-fix", []string{"lint", "-c", "kratos.yml", "--fix"}, 0, "kratos.yml:6:5: warning no-session-hook\nkratos.yml:13:18: warning template-unrendered\n"},
		{"compose-configs", []string{"lint", "-c", "kratos.yml"}, 1, "kratos.yml:13:9: warning recovery-off\nkratos.yml:16:11: warning no-session-hook\nkratos.yml:25:21: error rp-id-is-url\nkratos.yml:28:21: error origin-trailing-slash\n"},
		{"upgrade-check-schema-findings", []string{"upgrade-check", "--from", "v1.3.1", "--to", "v26.2.0", "-c", "kratos.yml"}, 0, "kratos.yml:14:5: info api-flows\nkratos.yml:14:5: info admin-page-size\n"},
		{"upgrade-check-schema-findings", []string{"upgrade-check", "--from", "v26.2.0", "--to", "v26.2.0", "-c", "kratos.yml", "--fail-on", "info"}, 0, ""},
		{"template-syntax-1", []string{"lint", "-c", "kratos.yml", "--fix=suggested"}, 0, template},
		{"template-syntax-3", []string{"lint", "-c", "kratos.yml", "--fix=suggested"}, 0, template},
		{"template-syntax-5", []string{"lint", "-c", "kratos.yml", "--fix=suggested"}, 0, template},
		{"template-syntax-7", []string{"lint", "-c", "kratos.yml", "--fix=suggested"}, 0, template},
		{"template-syntax-9", []string{"lint", "-c", "kratos.yml", "--fix=suggested"}, 0, template},
	} {
		t.Run(c.name+" "+c.args[0], func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(field, c.name))))
			run := exec.CommandContext(t.Context(), "oly-passkey", c.args...)
			run.Dir = dir
			out, err := run.Output()
			if c.exit == 0 {
				require.NoError(t, err, "%s", out)
			} else {
				exit := new(exec.ExitError)
				require.ErrorAs(t, err, &exit)
				require.Equal(t, c.exit, exit.ExitCode())
			}
			heads := regexp.MustCompile(`(?m)^(\S+:\d+:\d+: \w+): .* \[([a-z-]+)\]$`)
			var got strings.Builder
			for _, m := range heads.FindAllStringSubmatch(string(out), -1) {
				got.WriteString(m[1] + " " + m[2] + "\n")
			}
			require.Equal(t, c.want, got.String())
			for _, file := range []string{"kratos.yml", "identity.schema.json"} {
				before, err := os.ReadFile(filepath.Join(field, c.name, file))
				if os.IsNotExist(err) {
					continue
				}
				require.NoError(t, err)
				after, err := os.ReadFile(filepath.Join(dir, file))
				require.NoError(t, err)
				require.Equal(t, string(before), string(after), "%s is unchanged", file)
			}
		})
	}
}
