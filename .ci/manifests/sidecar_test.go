package manifests_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// TestSidecarAlone parses the manifests of a sidecar in a pod of its own, as
// strictly as the API server.
func TestSidecarAlone(t *testing.T) {
	text, err := os.ReadFile("../../templates/deploy/sidecar.yaml")
	require.NoError(t, err)
	var (
		deployment appsv1.Deployment
		service    corev1.Service
		budget     policyv1.PodDisruptionBudget
		network    networkingv1.NetworkPolicy
	)
	objects := map[string]any{"Deployment": &deployment, "Service": &service, "PodDisruptionBudget": &budget, "NetworkPolicy": &network}
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		var kind struct{ Kind string }
		require.NoError(t, yaml.Unmarshal([]byte(document), &kind))
		require.Contains(t, objects, kind.Kind)
		// Strict reading knows no anchors: resolve them first.
		resolved := resolve(t, document)
		require.NoError(t, yaml.UnmarshalStrict(resolved, objects[kind.Kind]), kind.Kind)
		delete(objects, kind.Kind)
	}
	require.Empty(t, objects)

	pod := deployment.Spec.Template
	require.Equal(t, pod.Labels, deployment.Spec.Selector.MatchLabels)
	require.Equal(t, pod.Labels, service.Spec.Selector)
	require.Equal(t, pod.Labels, budget.Spec.Selector.MatchLabels)
	require.Equal(t, pod.Labels, network.Spec.PodSelector.MatchLabels)
	restricted(t, &pod)

	server := pod.Spec.Containers[0]
	ports := make(map[string]int32)
	for _, p := range server.Ports {
		ports[p.Name] = p.ContainerPort
	}
	require.Equal(t, map[string]int32{"api": 4477, "metrics": 4478}, ports)
	for _, probe := range []*corev1.Probe{server.StartupProbe, server.ReadinessProbe, server.LivenessProbe} {
		require.Equal(t, "metrics", probe.HTTPGet.Port.StrVal)
	}
	require.Equal(t, "api", service.Spec.Ports[0].TargetPort.StrVal)
	for _, rule := range network.Spec.Ingress {
		require.Contains(t, ports, rule.Ports[0].Port.StrVal)
	}

	// Every path in the command line is below a mount of a secret.
	for _, arg := range server.Args {
		_, path, ok := strings.Cut(arg, "-file=")
		if !ok {
			continue
		}
		mounted := false
		for _, m := range server.VolumeMounts {
			mounted = mounted || m.ReadOnly && strings.HasPrefix(path, m.MountPath+"/")
		}
		require.True(t, mounted, arg)
	}
	for _, v := range pod.Spec.Volumes {
		require.NotNil(t, v.Secret, v.Name)
		require.Equal(t, int32(0o440), *v.Secret.DefaultMode)
	}
	serveTakes(t, server.Args)
}

// resolve writes a document without anchors.
func resolve(t *testing.T, document string) []byte {
	t.Helper()
	json, err := yaml.YAMLToJSON([]byte(document))
	require.NoError(t, err)
	return json
}

// restricted requires the strictest level of Pod Security admission.
func restricted(t *testing.T, pod *corev1.PodTemplateSpec) {
	t.Helper()
	checks, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	require.NoError(t, err)
	for _, result := range checks.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &pod.ObjectMeta, &pod.Spec) {
		require.True(t, result.Allowed, "%s: %s", result.ForbiddenReason, result.ForbiddenDetail)
	}
}

// serveTakes lets the program read a command line of serve: all of it is known,
// and it fails for the files that are not on this machine.
func serveTakes(t *testing.T, args []string) {
	t.Helper()
	out, code := runProgram(t, args...)
	require.Equal(t, 3, code, out)
	require.Contains(t, out, "no such file or directory")
}
