package release

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
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

// machine performs the steps of a stage below a folder, instead of in a
// container: absolute paths lead there.
type machine struct {
	root, dir string
	env       []string
}

func (m *machine) path(p string) string {
	if !filepath.IsAbs(p) {
		return filepath.Join(m.dir, p)
	}
	return filepath.Join(m.root, p)
}

// perform runs the steps of a stage; from are the machines of other stages.
func (m *machine) perform(t *testing.T, s instructions.Stage, context string, from map[string]*machine) {
	t.Helper()
	for _, c := range s.Commands {
		switch c := c.(type) {
		case *instructions.WorkdirCommand:
			m.dir = m.path(c.Path)
			require.NoError(t, os.MkdirAll(m.dir, 0o755))
		case *instructions.ArgCommand:
			for _, a := range c.Args {
				m.env = append(m.env, a.Key+"="+map[string]string{"TARGETOS": "linux", "TARGETARCH": goarch(t), "TARGETPLATFORM": "linux/" + goarch(t)}[a.Key])
			}
		case *instructions.CopyCommand:
			for _, source := range c.SourcePaths {
				if c.From != "" {
					copyTree(t, from[c.From].path(source), m.path(c.DestPath), nil)
					continue
				}
				source = os.Expand(source, m.getenv)
				to := m.path(c.DestPath)
				if strings.HasSuffix(c.DestPath, "/") && source != "." {
					to = filepath.Join(to, filepath.Base(source))
				}
				copyTree(t, filepath.Join(context, source), to, ignored(t))
			}
		case *instructions.RunCommand:
			require.True(t, c.PrependShell)
			script := strings.NewReplacer(" /oly-passkey", " "+m.root+"/oly-passkey", " /data", " "+m.root+"/data").Replace(strings.Join(c.CmdLine, " "))
			command(t, m.dir, m.env, "sh", "-euc", script)
		}
	}
}

func (m *machine) getenv(name string) string {
	for _, kv := range slices.Backward(m.env) {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

func goarch(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(command(t, root, nil, "go", "env", "GOARCH"))
}

// ignored tells what .dockerignore keeps out of the context.
func ignored(t *testing.T) func(string) bool {
	t.Helper()
	f, err := os.Open(root + "/.dockerignore")
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	patterns, err := ignorefile.ReadAll(f)
	require.NoError(t, err)
	matcher, err := patternmatcher.New(patterns)
	require.NoError(t, err)
	return func(path string) bool {
		match, err := matcher.MatchesOrParentMatches(path)
		require.NoError(t, err)
		return match
	}
}

func copyTree(t *testing.T, from, to string, ignore func(string) bool) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if ignore != nil && relative != "." && ignore(relative) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		switch {
		case entry.IsDir():
			return os.MkdirAll(target, info.Mode().Perm())
		case info.Mode()&os.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, content, info.Mode().Perm())
	}))
}

// TestDockerfileSteps performs what docker build would, as far as a machine
// without Docker can, from the context that .dockerignore leaves of a clone.
func TestDockerfileSteps(t *testing.T) {
	all := stages(t)
	machines := map[string]*machine{}
	for _, name := range []string{"build", "data"} {
		dir := t.TempDir()
		machines[name] = &machine{root: dir, dir: dir}
		machines[name].perform(t, all[name], clones[0], nil)
	}
	machines["binary"] = machines["build"]
	dir := t.TempDir()
	image := &machine{root: dir, dir: dir}
	image.perform(t, all["image"], "", machines)

	info, err := os.Stat(filepath.Join(dir, "data"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	program := filepath.Join(dir, "usr/local/bin/oly-passkey")
	require.Equal(t, goarch(t), elfMachine(t, program))

	var v struct {
		Commit   string
		Modified bool
	}
	require.NoError(t, json.Unmarshal([]byte(command(t, dir, nil, program, "version", "--format", "json")), &v))
	require.Equal(t, strings.TrimSpace(command(t, clones[0], nil, "git", "rev-parse", "HEAD")), v.Commit)
	require.False(t, v.Modified, ".dockerignore keeps files out that git knows")

	health := exec.CommandContext(t.Context(), program, "healthcheck", "--metrics-listen", "127.0.0.1:1")
	out, err := health.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, 1, health.ProcessState.ExitCode(), "Docker knows 0 and 1")
	require.Contains(t, string(out), "not ready: ")

	t.Run("released", func(t *testing.T) {
		context := t.TempDir()
		platform := filepath.Join(context, "linux", goarch(t))
		require.NoError(t, os.MkdirAll(platform, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(platform, "oly-passkey"), []byte("built already"), 0o755))
		dir := t.TempDir()
		m := &machine{root: dir, dir: dir}
		m.perform(t, all["released"], context, nil)
		content, err := os.ReadFile(filepath.Join(dir, "oly-passkey"))
		require.NoError(t, err)
		require.Equal(t, "built already", string(content))
	})
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
