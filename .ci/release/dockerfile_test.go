package release

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/require"
)

// stages reads the Dockerfile with BuildKit's own parser.
func stages(t *testing.T) map[string]instructions.Stage {
	t.Helper()
	f, err := os.Open(root + "/Dockerfile")
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	parsed, err := parser.Parse(f)
	require.NoError(t, err)
	require.Empty(t, parsed.Warnings)
	all, args, err := instructions.Parse(parsed.AST, nil)
	require.NoError(t, err)
	require.Equal(t, "BINARY", args[0].Args[0].Key)
	require.Equal(t, "build", *args[0].Args[0].Value)
	out := make(map[string]instructions.Stage)
	for _, s := range all {
		out[s.Name] = s
	}
	require.Equal(t, "sidecar", all[len(all)-1].Name, "the default target")
	return out
}

// TestImages: each image has one program, an unprivileged user and no shell; the
// sidecar's checks its own health.
func TestImages(t *testing.T) {
	all := stages(t)
	require.Equal(t, "gcr.io/distroless/static-debian12:nonroot", all["base"].BaseName)
	user := all["base"].Commands[len(all["base"].Commands)-1].(*instructions.UserCommand)
	require.Equal(t, "65532:65532", user.User)
	for name, program := range map[string]string{"cli": "/usr/local/bin/oly-passkey", "sidecar": "/usr/local/bin/oly-passkey-sidecar"} {
		require.Equal(t, "base", all[name].BaseName)
		entrypoint, healthcheck := "", []string(nil)
		for _, c := range all[name].Commands {
			switch c := c.(type) {
			case *instructions.EntrypointCommand:
				require.False(t, c.PrependShell, "there is no shell")
				entrypoint = strings.Join(c.CmdLine, " ")
			case *instructions.HealthCheckCommand:
				healthcheck = c.Health.Test
			case *instructions.RunCommand, *instructions.AddCommand, *instructions.EnvCommand, *instructions.UserCommand:
				t.Fatalf("%s is not allowed in the image %s", c.Name(), name)
			}
		}
		require.Equal(t, program, entrypoint)
		if name == "sidecar" {
			require.Equal(t, []string{"CMD", program, "healthcheck"}, healthcheck)
		}
	}
	for name, s := range all {
		if _, ours := all[s.BaseName]; ours {
			continue
		}
		_, tag, _ := strings.Cut(s.BaseName, ":")
		require.True(t, tag != "" && tag != "latest" || s.BaseName == "scratch" || s.BaseName == "${BINARY}", "%s: %s has no tag", name, s.BaseName)
	}
}

// TestDockerfileAndMakefileAgree on how the programs are built, and with which Go.
func TestDockerfileAndMakefileAgree(t *testing.T) {
	_, flags := buildFlags(t)
	last := stages(t)["build"].Commands[len(stages(t)["build"].Commands)-1].(*instructions.RunCommand)
	want := "CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags '-s -w' -o / ./cmd/oly-passkey ./cmd/oly-passkey-sidecar"
	require.Equal(t, want, strings.Join(last.CmdLine, " "))
	require.Equal(t, []string{"build", "-trimpath", "-ldflags", "-s -w"}, flags)

	mod, err := os.ReadFile(root + "/go.mod")
	require.NoError(t, err)
	_, version, _ := strings.Cut(string(mod), "\ngo ")
	parts := strings.Split(strings.Fields(version)[0], ".")
	minor, err := strconv.Atoi(parts[1])
	require.NoError(t, err)
	require.Equal(t, "golang:1."+strconv.Itoa(minor)+"-bookworm", stages(t)["build"].BaseName)
}
