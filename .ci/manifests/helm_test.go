package manifests_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestHelm renders the values that init writes with Helm, in a minimal chart
// instead of Ory's.
func TestHelm(t *testing.T) {
	for signUp, dir := range written(t, "helm") {
		t.Run(signUp, func(t *testing.T) {
			config, deployment := helmed(t, dir)
			pod := deployment.Spec.Template.Spec
			require.Len(t, pod.Containers, 2)
			kratos, sidecar := pod.Containers[0], pod.Containers[1]

			t.Run("kratos finds every file", func(t *testing.T) {
				found := 0
				for word := range strings.FieldsSeq(config.Data["kratos.yaml"]) {
					if name, ok := strings.CutPrefix(word, "file:///etc/config/"); ok {
						require.Contains(t, config.Data, name)
						found++
					}
				}
				require.NotZero(t, found)
			})
			t.Run("what is rendered lints clean", func(t *testing.T) {
				rendered := t.TempDir()
				for name, text := range config.Data {
					text = strings.ReplaceAll(text, "file:///etc/config/", "file://"+rendered+"/")
					require.NoError(t, os.WriteFile(filepath.Join(rendered, name), []byte(text), 0o600))
				}
				out, code := runProgram(t, "lint", "-c", filepath.Join(rendered, "kratos.yaml"), "--domain", "auth.example.com")
				require.Equal(t, 0, code, out)
			})
			t.Run("the sidecar is locked down, and its secret is mounted", func(t *testing.T) {
				require.False(t, *sidecar.SecurityContext.AllowPrivilegeEscalation)
				require.True(t, *sidecar.SecurityContext.ReadOnlyRootFilesystem)
				require.Equal(t, []corev1.Capability{"ALL"}, sidecar.SecurityContext.Capabilities.Drop)
				secrets := make(map[string]string)
				for _, v := range pod.Volumes {
					if v.Secret != nil {
						secrets[v.Name] = v.Secret.SecretName
					}
				}
				for _, m := range sidecar.VolumeMounts {
					if secret, ok := secrets[m.Name]; ok {
						require.Equal(t, "oly-passkey-keys", secret)
						require.Contains(t, sidecar.Args, "--api-key-file="+path.Join(m.MountPath, "sidecar.key"))
					}
				}
				serveTakes(t, sidecar.Args)
			})
			t.Run("no secret is in the configuration, each comes from the environment", func(t *testing.T) {
				env, err := os.ReadFile(filepath.Join(dir, "kratos.env"))
				require.NoError(t, err)
				given := make(map[string]bool)
				for _, e := range kratos.Env {
					require.NotNil(t, e.ValueFrom, e.Name)
					given[e.Name] = true
				}
				for line := range strings.Lines(string(env)) {
					name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
					if !ok || strings.HasPrefix(name, "#") {
						continue
					}
					if strings.HasPrefix(name, "SELFSERVICE_") {
						require.True(t, given[name], name)
					}
					if len(value) >= 32 {
						require.NotContains(t, config.Data["kratos.yaml"], value)
					}
				}
			})
		})
	}
}

// setFile is an option of the README's helm command: a key of identitySchemas and
// its file.
var setFile = regexp.MustCompile(`--set-file 'kratos\.identitySchemas\.(\S+)=(\S+)'`)

// helmed renders the chart with the values of a folder, and decodes what comes
// out as the API server does.
func helmed(t *testing.T, dir string) (config corev1.ConfigMap, deployment appsv1.Deployment) {
	t.Helper()
	chart, err := loader.Load("testdata/kratos-chart")
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(dir, "values.yaml"))
	require.NoError(t, err)
	values, err := chartutil.ReadValues(text)
	require.NoError(t, err)
	known(t, chart.Values, values, "")
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	require.NoError(t, err)
	files := make(map[string]any)
	for _, option := range setFile.FindAllSubmatch(readme, -1) {
		text, err := os.ReadFile(filepath.Join(dir, string(option[2])))
		require.NoError(t, err)
		files[strings.ReplaceAll(string(option[1]), `\.`, ".")] = string(text)
	}
	values["kratos"].(map[string]any)["identitySchemas"] = files
	all, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: "kratos", Namespace: "default"}, nil)
	require.NoError(t, err)
	rendered, err := engine.Render(chart, all)
	require.NoError(t, err)
	documents := strings.SplitN(rendered["kratos/templates/kratos.yaml"], "\n---\n", 2)
	require.NoError(t, yaml.UnmarshalStrict([]byte(documents[0]), &config), documents[0])
	require.NoError(t, yaml.UnmarshalStrict([]byte(documents[1]), &deployment), documents[1])
	return config, deployment
}

// known demands that the chart has each value; Kratos' own configuration has its
// own checks.
func known(t *testing.T, chart, values map[string]any, at string) {
	t.Helper()
	for name, value := range values {
		require.Contains(t, chart, name, "the chart has no value %s%s", at, name)
		below, isMap := value.(map[string]any)
		if theirs, ok := chart[name].(map[string]any); ok && isMap && at+name != "kratos.config" {
			known(t, theirs, below, at+name+".")
		}
	}
}
