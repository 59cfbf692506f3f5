//go:build realkratos

package setup_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

// TestRealPresets has the real Kratos start on what every preset writes, and
// offer a passkey at sign-in. The one for a Kratos with a policy is left out: no
// release has it yet.
func TestRealPresets(t *testing.T) {
	for name, o := range presets() {
		if name == "policy" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o.DSN = "sqlite://kratos.db?_fk=true&mode=rwc"
			all := files(t, o, setup.State{})
			_, err := setup.Write(dir, all, false)
			require.NoError(t, err)
			if o.Target == setup.Helm {
				asTheChart(t, dir, content(t, all, setup.HelmValues))
			}
			k := startKratos(t, dir)
			code, flow := k.do(http.MethodGet, k.public+"/self-service/login/browser", nil)
			require.Equal(t, http.StatusOK, code)
			require.Contains(t, string(flow), "passkey_challenge")
			want := http.StatusOK
			if o.Closed {
				want = http.StatusBadRequest
			}
			code, flow = k.do(http.MethodGet, k.public+"/self-service/registration/browser", nil)
			require.Equal(t, want, code, "%s", flow)
		})
	}
}

// asTheChart mounts what Ory's chart makes of the values: the configuration by
// itself, and the other files beside it.
func asTheChart(t *testing.T, dir, values string) {
	t.Helper()
	var all struct {
		Kratos struct {
			Config map[string]any `yaml:"config"`
		} `yaml:"kratos"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(values), &all))
	config, err := yaml.Marshal(all.Kratos.Config)
	require.NoError(t, err)
	text := strings.ReplaceAll(string(config), "file:///etc/config/", "file://")
	require.NoError(t, os.WriteFile(filepath.Join(dir, setup.KratosYML), []byte(text), 0o600))
}
