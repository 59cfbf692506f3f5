package manifests_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// cluster is what kubectl apply -k would send.
type cluster struct {
	StatefulSet   appsv1.StatefulSet
	ConfigMap     corev1.ConfigMap
	NetworkPolicy networkingv1.NetworkPolicy
	Secrets       map[string]corev1.Secret
	Services      map[string]corev1.Service
}

func TestKubernetes(t *testing.T) {
	for signUp, dir := range written(t, "kubernetes") {
		t.Run(signUp, func(t *testing.T) {
			c := build(t, dir)
			pod := c.StatefulSet.Spec.Template

			t.Run("Pod Security: restricted", func(t *testing.T) {
				restricted(t, &pod)
			})
			t.Run("every file of kratos.yml is mounted", func(t *testing.T) {
				mounted := make(map[string]bool)
				for _, v := range pod.Spec.Volumes {
					if v.ConfigMap == nil {
						continue
					}
					require.Equal(t, c.ConfigMap.Name, v.ConfigMap.Name)
					for _, item := range v.ConfigMap.Items {
						require.Contains(t, c.ConfigMap.Data, item.Key)
						mounted["/etc/config/kratos/"+item.Path] = true
					}
				}
				for _, path := range fileURLs(t, dir) {
					require.True(t, mounted[path], path)
				}
			})
			t.Run("secrets reach who needs them", func(t *testing.T) {
				kratos, sidecar := pod.Spec.Containers[0], pod.Spec.Containers[1]
				env := c.Secrets[kratos.EnvFrom[0].SecretRef.Name]
				require.Len(t, env.Data["SECRETS_CIPHER"], 32)
				require.Empty(t, sidecar.EnvFrom)
				i := slices.IndexFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == "keys" })
				keys := pod.Spec.Volumes[i].Secret
				require.Equal(t, int32(0o440), *keys.DefaultMode)
				require.True(t, strings.HasPrefix(string(c.Secrets[keys.SecretName].Data["sidecar.key"]), "hooks:oly_"))
			})
			t.Run("services and policy name ports that exist", func(t *testing.T) {
				ports := make(map[string]int32)
				for _, container := range pod.Spec.Containers {
					for _, p := range container.Ports {
						ports[p.Name] = p.ContainerPort
					}
				}
				require.Equal(t, map[string]int32{"public": 4433, "resolve": 4477, "metrics": 4478}, ports)
				require.Len(t, c.Services, 2)
				require.Contains(t, c.Services, c.StatefulSet.Spec.ServiceName)
				for _, s := range c.Services {
					require.Contains(t, ports, s.Spec.Ports[0].TargetPort.StrVal)
					require.Equal(t, pod.Labels, s.Spec.Selector)
				}
				for _, rule := range c.NetworkPolicy.Spec.Ingress {
					require.Contains(t, ports, rule.Ports[0].Port.StrVal)
				}
			})
		})
	}
}

// build runs kustomize and decodes every object as the API server does with
// strict field validation.
func build(t *testing.T, dir string) cluster {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	require.NoError(t, err)
	c := cluster{Secrets: map[string]corev1.Secret{}, Services: map[string]corev1.Service{}}
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		require.NoError(t, err)
		decode := func(into any) { require.NoError(t, yaml.UnmarshalStrict(text, into), "%s", text) }
		switch r.GetKind() {
		case "StatefulSet":
			decode(&c.StatefulSet)
		case "ConfigMap":
			decode(&c.ConfigMap)
		case "NetworkPolicy":
			decode(&c.NetworkPolicy)
		case "Secret":
			var s corev1.Secret
			decode(&s)
			c.Secrets[s.Name] = s
		case "Service":
			var s corev1.Service
			decode(&s)
			c.Services[s.Name] = s
		default:
			t.Fatalf("unexpected %s", r.GetKind())
		}
	}
	return c
}
