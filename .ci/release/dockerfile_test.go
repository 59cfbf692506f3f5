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
	for i, s := range all {
		if i == len(all)-1 {
			s.Name = "image"
		}
		out[s.Name] = s
	}
	return out
}

// TestImage: what runs is one program, as nobody, that tells its own health.
func TestImage(t *testing.T) {
	image := stages(t)["image"]
	require.Equal(t, "gcr.io/distroless/static-debian12:nonroot", image.BaseName)
	user, entrypoint := "", ""
	for _, c := range image.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.EntrypointCommand:
			require.False(t, c.PrependShell, "there is no shell")
			entrypoint = strings.Join(c.CmdLine, " ")
		case *instructions.HealthCheckCommand:
			require.Equal(t, []string{"CMD", "/usr/local/bin/oly-passkey", "healthcheck"}, c.Health.Test)
		case *instructions.RunCommand, *instructions.AddCommand, *instructions.EnvCommand:
			t.Fatalf("%s has no place in the image", c.Name())
		}
	}
	require.Equal(t, "65532:65532", user)
	require.Equal(t, "/usr/local/bin/oly-passkey", entrypoint)
	for name, s := range stages(t) {
		_, tag, _ := strings.Cut(s.BaseName, ":")
		require.True(t, tag != "" && tag != "latest" || s.BaseName == "scratch" || s.BaseName == "${BINARY}", "%s: %s has no tag", name, s.BaseName)
	}
}

// TestDockerfileAndMakefileAgree on how the program is built, and with which Go.
func TestDockerfileAndMakefileAgree(t *testing.T) {
	_, flags := buildFlags(t)
	last := stages(t)["build"].Commands[len(stages(t)["build"].Commands)-1].(*instructions.RunCommand)
	want := "CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags '-s -w' -o /oly-passkey ./cmd/oly-passkey"
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
