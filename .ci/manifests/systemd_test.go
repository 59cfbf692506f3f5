package manifests_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSystemd lets systemd itself read the units, and rate how far they are
// locked in: 10 is not at all.
func TestSystemd(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("no systemd-analyze; install it: apt-get install systemd")
	}
	for signUp, dir := range written(t, "systemd") {
		t.Run(signUp, func(t *testing.T) {
			for _, name := range []string{"kratos.service", "oly-passkey.service"} {
				unit := filepath.Join(dir, "systemd", name)
				withPrograms(t, unit)
				out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", "--recursive-errors=no", unit).CombinedOutput()
				require.NoError(t, err, "%s", out)
				require.Empty(t, string(out))

				out, err = exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=30", "--json=short", unit).Output()
				require.NoError(t, err, "%s is more exposed than 3.0", name)
				require.True(t, json.Valid(out))
			}
			for _, path := range fileURLs(t, dir) {
				require.FileExists(t, filepath.Join(dir, strings.TrimPrefix(path, "/etc/kratos/")))
			}
		})
	}
}

// withPrograms lets a unit start programs that are there: systemd looks for them.
func withPrograms(t *testing.T, unit string) {
	t.Helper()
	b, err := os.ReadFile(unit)
	require.NoError(t, err)
	bin, err := filepath.EvalSymlinks("/bin/true")
	require.NoError(t, err)
	text := strings.NewReplacer("/usr/local/bin/kratos", bin, "/usr/local/bin/oly-passkey-sidecar", bin).Replace(string(b))
	require.NoError(t, os.WriteFile(unit, []byte(text), 0o600))
}
