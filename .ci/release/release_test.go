package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// clones are two fresh clones of the project, in folders of different length:
// what a release is built from.
var clones [2]string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "release-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		for i, name := range []string{"a", "another/folder/with a longer name"} {
			clones[i] = filepath.Join(dir, name)
			out, err := exec.CommandContext(context.Background(), "git", "clone", "-q", "--no-hardlinks", root, clones[i]).CombinedOutput()
			if err != nil {
				fmt.Fprintf(os.Stderr, "the tests build what is committed, in a clone: %v: %s\n", err, out)
				return 1
			}
		}
		return m.Run()
	}())
}

// command runs a program in a folder and returns its output.
func command(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir = dir
	c.Env = append(append(os.Environ(), "GOFLAGS=-buildvcs=auto"), env...) // whatever this machine prefers
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(args, " "), out)
	return string(out)
}

// buildFlags are those of the Makefile; the Dockerfile and GoReleaser have to
// have the same ones.
func buildFlags(t *testing.T) (env, flags []string) {
	t.Helper()
	makefile, err := os.ReadFile(root + "/Makefile")
	require.NoError(t, err)
	_, line, ok := strings.Cut(string(makefile), "\nBUILD := ")
	require.True(t, ok)
	line, _, _ = strings.Cut(line, "\n")
	require.Equal(t, "CGO_ENABLED=0 go build -trimpath -ldflags '-s -w'", line)
	return []string{"CGO_ENABLED=0"}, []string{"build", "-trimpath", "-ldflags", "-s -w"}
}

// TestModules: the modules that the program is made of, for make proof those of
// every test, too, are what go.sum says they are.
func TestModules(t *testing.T) {
	if os.Getenv("OLY_PASSKEY_PROOF") != "1" {
		require.Equal(t, "all modules verified\n", command(t, root, nil, "go", "mod", "verify"))
		return
	}
	found := 0
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "artefacts" || entry.Name() == "dist" || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		if entry.Name() != "go.mod" {
			return nil
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "go.sum")); errors.Is(err, fs.ErrNotExist) {
			return nil // it needs nothing
		} else if err != nil {
			return err
		}
		found++
		require.Equal(t, "all modules verified\n", command(t, filepath.Dir(path), nil, "go", "mod", "verify"), path)
		return nil
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, found, 6)
}

// TestToolsArePinned: each tool has a module of its own, which pins its version.
func TestToolsArePinned(t *testing.T) {
	tools, err := filepath.Glob(root + "/.ci/tools/*/go.mod")
	require.NoError(t, err)
	require.NotEmpty(t, tools)
	for _, path := range tools {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(text), "\ntool ", path)
		require.FileExists(t, filepath.Join(filepath.Dir(path), "go.sum"))
	}
}
