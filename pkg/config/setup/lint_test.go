package setup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// combinations are all ways to combine the options that change kratos.yml.
func combinations() map[string]setup.Options {
	all := make(map[string]setup.Options)
	for place, o := range map[string]setup.Options{
		"one host":   {Domain: "auth.example.com"},
		"parent":     {Domain: "auth.example.co.uk", RPID: "example.co.uk", AppName: `"Ex" & Söhne: #1`},
		"origins":    {Domain: "auth.example.com", RPID: "example.com", Origins: []string{"https://app.example.com", "https://example.com"}},
		"two hosts":  {Domain: "auth.example.com", KratosURL: "https://kratos.example.com:8443/api/"},
		"path":       {Domain: "example.com", UIURL: "https://auth.example.com:8443/ui"},
		"IDN":        {Domain: "anmeldung.bücher.example"},
		"container":  {Domain: "auth.example.com", Mount: "/etc/config/kratos", SidecarURL: "http://sidecar:4477"},
		"sidecar":    {Domain: "auth.example.com", SidecarURL: "https://sidecar.example.com"},
		"compose":    {Domain: "auth.example.com", Target: setup.Compose},
		"kubernetes": {Domain: "auth.example.com", Target: setup.Kubernetes},
		"systemd":    {Domain: "auth.example.com", Target: setup.Systemd},
		"localhost":  {Domain: "localhost"},
		"demo":       {Domain: "localhost", AppName: "Demo", CourierURL: "http://127.0.0.1:4455/courier", PublicListen: "127.0.0.1:14433", KratosURL: "http://localhost:14433/"},
	} {
		for _, o.SignUp = range []setup.SignUp{setup.CodeFirst, setup.PasskeyFirst} {
			for _, o.WebAuthn = range []setup.WebAuthn{setup.Off, setup.Passwordless, setup.SecondFactor} {
				all[fmt.Sprintf("%s, %s, %q", place, o.SignUp, o.WebAuthn)] = o
			}
		}
	}
	return all
}

// TestLintsClean requires that no rule has a finding of any severity for any
// combination: in memory, and on disk without the environment as in CI.
func TestLintsClean(t *testing.T) {
	for name, o := range combinations() {
		t.Run(name, func(t *testing.T) {
			all := files(t, o, setup.State{})
			found, err := setup.Lint(all)
			require.NoError(t, err)
			requireClean(t, found)

			dir := t.TempDir()
			write(t, dir, all, false)
			f, err := source.Open(filepath.Join(dir, setup.KratosYML))
			require.NoError(t, err)
			found, err = lint.Check([]*source.File{f}, lint.Options{Schemas: kratosconf.SchemaOptions{Read: source.Open}}, rules.All())
			require.NoError(t, err)
			requireClean(t, found)
		})
	}
}

func requireClean(t *testing.T, found []finding.Finding) {
	t.Helper()
	if len(found) > 0 {
		require.NoError(t, report.Text(os.Stderr, found))
		t.Fatalf("%d findings", len(found))
	}
}

// TestLintSeesTheEnvironment: what a user has put into kratos.env counts.
func TestLintSeesTheEnvironment(t *testing.T) {
	o := setup.Options{Domain: "auth.example.com"}
	have := setup.State{KratosEnv: []byte("SELFSERVICE_METHODS_PASSKEY_CONFIG_RP_ID=example.org\n")}
	found, err := setup.Lint(files(t, o, have))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	require.Equal(t, "rp-id-not-suffix", found[0].Rule)
}
