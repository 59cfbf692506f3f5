package manifests_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// program is the path of oly-passkey, built from the enclosing repository.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "manifests-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		program = filepath.Join(dir, "oly-passkey")
		build := exec.CommandContext(context.Background(), "go", "build", "-o", program, "./cmd/oly-passkey")
		build.Dir, build.Stderr = "../..", os.Stderr
		if err := build.Run(); err != nil {
			return 1
		}
		return m.Run()
	}())
}

// written is a folder as init leaves it, for each way to sign up.
func written(t *testing.T, target string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, signUp := range []string{"code-first", "passkey-first"} {
		all[signUp] = t.TempDir()
		init := exec.CommandContext(t.Context(), program, "init", "--domain", "auth.example.com", "--target", target, "--sign-up", signUp, "--dir", all[signUp])
		out, err := init.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return all
}

// runProgram runs oly-passkey to its end.
func runProgram(t *testing.T, args ...string) (output string, code int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, args...)
	out, err := c.CombinedOutput()
	if err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	return string(out), c.ProcessState.ExitCode()
}

// fileURLs are the files that a kratos.yml names, where Kratos looks for them.
func fileURLs(t *testing.T, dir string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "kratos.yml"))
	require.NoError(t, err)
	var all []string
	for word := range strings.FieldsSeq(string(b)) {
		if path, ok := strings.CutPrefix(word, "file://"); ok {
			all = append(all, path)
		}
	}
	require.NotEmpty(t, all)
	return all
}
