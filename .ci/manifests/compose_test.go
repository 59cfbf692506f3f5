package manifests_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

func TestCompose(t *testing.T) {
	for signUp, dir := range written(t, "compose") {
		t.Run(signUp, func(t *testing.T) {
			options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "compose.yml")}, cli.WithName("passkeys"), cli.WithInterpolation(true))
			require.NoError(t, err)
			project, err := options.LoadProject(t.Context())
			require.NoError(t, err)
			require.ElementsMatch(t, []string{"postgres", "migrate", "kratos", "sidecar"}, project.ServiceNames())

			t.Run("nothing but Kratos' public port is published, on this machine", func(t *testing.T) {
				for name, service := range project.Services {
					if name != "kratos" {
						require.Empty(t, service.Ports, name)
					}
				}
				require.Equal(t, []types.ServicePortConfig{{Mode: "ingress", HostIP: "127.0.0.1", Target: 4433, Published: "4433", Protocol: "tcp"}}, project.Services["kratos"].Ports)
			})
			t.Run("every file of the host is there, and every file of kratos.yml is mounted", func(t *testing.T) {
				for _, name := range []string{"kratos", "migrate"} {
					mounts := make(map[string]string)
					for _, v := range project.Services[name].Volumes {
						require.FileExists(t, existing(t, v.Source))
						require.True(t, v.ReadOnly, v.Target)
						mounts[v.Target] = v.Source
					}
					for _, path := range fileURLs(t, dir) {
						require.True(t, isMounted(mounts, path), path)
					}
				}
				require.FileExists(t, project.Secrets["sidecar.key"].File)
			})
			t.Run("only those who need a secret get it", func(t *testing.T) {
				postgres, kratos := project.Services["postgres"], project.Services["kratos"]
				require.NotContains(t, postgres.Environment, "SECRETS_CIPHER")
				require.Empty(t, project.Services["sidecar"].Environment)
				require.Contains(t, *kratos.Environment["DSN"], *postgres.Environment["POSTGRES_PASSWORD"])
				require.Len(t, *kratos.Environment["SECRETS_CIPHER"], 32)
			})
			t.Run("the sidecar is locked down", func(t *testing.T) {
				sidecar := project.Services["sidecar"]
				require.True(t, sidecar.ReadOnly)
				require.Equal(t, []string{"ALL"}, sidecar.CapDrop)
				require.Equal(t, "1000:1000", sidecar.User)
			})
		})
	}
}

// existing returns a file for a path that may be a folder.
func existing(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	if !info.IsDir() {
		return path
	}
	entries, err := os.ReadDir(path)
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	return filepath.Join(path, entries[0].Name())
}

// isMounted says whether a path in the container is a file of the host.
func isMounted(mounts map[string]string, path string) bool {
	for target, source := range mounts {
		if below, ok := strings.CutPrefix(path, target); ok {
			if _, err := os.Stat(source + below); err == nil {
				return true
			}
		}
	}
	return false
}
