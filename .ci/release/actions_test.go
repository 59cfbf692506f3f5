package release

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// program builds oly-passkey from the work tree.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "oly-passkey")
	command(t, root, []string{"CGO_ENABLED=0"}, "go", "build", "-o", path, "./cmd/oly-passkey")
	return path
}

// action is what this test needs of action.yml.
type action struct {
	Inputs map[string]struct{ Default string }
	Runs   struct {
		Using string
		Steps []struct {
			Name, ID, Shell, Run, Uses, If string
			Env, With                      map[string]string
		}
	}
}

func readAction(t *testing.T) action {
	t.Helper()
	text, err := os.ReadFile(root + "/action.yml")
	require.NoError(t, err)
	var a action
	require.NoError(t, yaml.Unmarshal(text, &a))
	require.Equal(t, "composite", a.Runs.Using)
	return a
}

// linted requires that actionlint finds nothing in a workflow.
func linted(t *testing.T, path string) {
	t.Helper()
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	require.NoError(t, err)
	found, err := linter.LintFile(path, nil)
	require.NoError(t, err)
	for _, e := range found {
		require.Fail(t, "actionlint", "%s:%d:%d: %s", path, e.Line, e.Column, e.Message)
	}
}

// TestAction lets actionlint read a workflow that uses the action from its own
// repository, so that it checks inputs, outputs and the action itself.
func TestAction(t *testing.T) {
	repository := t.TempDir()
	text, err := os.ReadFile(root + "/action.yml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(repository, "action.yml"), text, 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(repository, ".git"), 0o755))
	workflow := filepath.Join(repository, ".github/workflows/lint.yml")
	require.NoError(t, os.MkdirAll(filepath.Dir(workflow), 0o755))
	require.NoError(t, os.WriteFile(workflow, []byte(`on: push
jobs:
  lint:
    runs-on: ubuntu-latest
    permissions: {contents: read, security-events: write}
    steps:
      - uses: actions/checkout@v4
      - uses: ./
        id: passkeys
        with: {config: kratos.yml, domain: auth.example.com, fail-on: warning}
      - run: cat "$FILE"
        env:
          FILE: ${{ steps.passkeys.outputs.sarif-file }}
`), 0o600))
	linted(t, workflow)
}

// TestActionSteps runs the shell of the action's steps as GitHub does.
func TestActionSteps(t *testing.T) {
	bin := filepath.Dir(program(t))
	steps := readAction(t).Runs.Steps
	var script string
	for _, s := range steps {
		if s.ID == "lint" {
			require.Equal(t, "bash", s.Shell)
			script = s.Run
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kratos config.yml"), []byte("selfservice:\n  methods:\n    passkey:\n      enabled: true\n      config:\n        rp:\n          id: example.com\n          display_name: Example\n          origins: [\"https://example.com/\"]\n"), 0o600))
	run := func(env ...string) (code int, printed, output string) {
		out := filepath.Join(t.TempDir(), "output")
		c := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
		c.Dir = dir
		c.Env = append([]string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "RUNNER_TEMP=" + dir, "GITHUB_OUTPUT=" + out, "CONFIG=", "DOMAIN=", "ARGS=", "FAIL_ON=error", "SARIF=true"}, env...)
		text, err := c.CombinedOutput()
		if err != nil {
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
		}
		written, _ := os.ReadFile(out)
		return c.ProcessState.ExitCode(), string(text), string(written)
	}

	code, printed, output := run("CONFIG=kratos config.yml\n", "DOMAIN=example.com")
	require.Equal(t, 1, code, printed)
	require.Contains(t, printed, "::error file=kratos config.yml,line=9,")
	require.Equal(t, "sarif-file="+dir+"/oly-passkey.sarif\n", output)
	sarif, err := os.ReadFile(filepath.Join(dir, "oly-passkey.sarif"))
	require.NoError(t, err)
	require.Contains(t, string(sarif), `"origin-trailing-slash"`)

	code, printed, output = run("CONFIG=missing.yml")
	require.Equal(t, 3, code, printed)
	require.Empty(t, output, "there is nothing to upload")

	code, printed, output = run("CONFIG=kratos config.yml", "ARGS=--kratos-version\nv1.3.1\n", "SARIF=false")
	require.Equal(t, 1, code, printed)
	require.Empty(t, output)
}

// TestInitWorkflows lets actionlint read what init --ci github writes, with pages
// and without.
func TestInitWorkflows(t *testing.T) {
	bin := program(t)
	for _, ui := range []string{"--ui", "--ui=false"} {
		repository := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(repository, ".git"), 0o755))
		command(t, repository, nil, bin, "init", "--domain", "auth.example.com", "--dir", "deploy", "--ci", "github", ui)
		path := filepath.Join(repository, ".github/workflows/passkeys.yml")
		linted(t, path)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if _, err := os.Stat(filepath.Join(repository, "deploy/ui/go.mod")); err == nil {
			require.Contains(t, string(text), "work-dir: deploy/ui\n")
		} else {
			require.NotContains(t, string(text), "govulncheck")
		}
	}
}

// TestGitLabComponent reads the component, and runs its script with its inputs
// filled in.
func TestGitLabComponent(t *testing.T) {
	f, err := os.Open(root + "/templates/lint/template.yml")
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	decoder := yaml.NewDecoder(f)
	var head struct {
		Spec struct {
			Inputs map[string]struct {
				Default string
				Options []string
			}
		}
	}
	require.NoError(t, decoder.Decode(&head))
	var raw yaml.Node
	require.NoError(t, decoder.Decode(&raw))
	text, err := yaml.Marshal(&raw)
	require.NoError(t, err)

	fill := func(with map[string]string) (script []string, variables map[string]string) {
		filled := string(text)
		for name, input := range head.Spec.Inputs {
			value, ok := with[name]
			if !ok {
				value = input.Default
			}
			require.Contains(t, filled, "$[[ inputs."+name+" ]]", "the input is of no use")
			filled = strings.ReplaceAll(filled, "$[[ inputs."+name+" ]]", value)
		}
		require.NotContains(t, filled, "$[[", "an input that is not declared")
		var jobs map[string]struct {
			Stage, Image string
			Script       []string
			Variables    map[string]string
			Artifacts    struct{ Reports struct{ Codequality string } }
		}
		require.NoError(t, yaml.Unmarshal([]byte(filled), &jobs))
		job := jobs["oly-passkey-lint"]
		require.Equal(t, "gl-code-quality-report.json", job.Artifacts.Reports.Codequality)
		require.Equal(t, "go install github.com/olympusoss/oly-passkey/cmd/oly-passkey@latest", job.Script[0])
		return job.Script[1:], job.Variables
	}
	bin := filepath.Dir(program(t))
	run := func(with map[string]string) (int, string, string) {
		dir := t.TempDir()
		command(t, dir, nil, filepath.Join(bin, "oly-passkey"), "init", "--domain", "auth.example.com", "--dir", ".")
		script, variables := fill(with)
		c := exec.CommandContext(t.Context(), "sh", "-e", "-c", strings.Join(script, "\n"))
		c.Dir = dir
		c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		for name, value := range variables {
			c.Env = append(c.Env, name+"="+value)
		}
		out, err := c.CombinedOutput()
		if err != nil {
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
		}
		report, err := os.ReadFile(filepath.Join(dir, "gl-code-quality-report.json"))
		require.NoError(t, err)
		return c.ProcessState.ExitCode(), string(out), string(report)
	}
	code, out, report := run(map[string]string{"config": "kratos.yml", "domain": "auth.example.com"})
	require.Equal(t, 0, code, out)
	require.Equal(t, "[]\n", report)
	code, out, report = run(map[string]string{"config": "kratos.yml", "domain": "www.example.org"})
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "[rp-id-not-suffix]")
	require.Contains(t, report, `"check_name"`)
}

// TestPreCommitHook: what pre-commit would run exists, and is given the files that
// it is for.
func TestPreCommitHook(t *testing.T) {
	text, err := os.ReadFile(root + "/.pre-commit-hooks.yaml")
	require.NoError(t, err)
	var hooks []struct{ ID, Entry, Language, Files string }
	require.NoError(t, yaml.Unmarshal(text, &hooks))
	require.Equal(t, "golang", hooks[0].Language)
	words := strings.Fields(hooks[0].Entry)
	require.Equal(t, "oly-passkey", words[0])
	dir := t.TempDir()
	bin := program(t)
	command(t, dir, nil, bin, "init", "--domain", "auth.example.com", "--dir", ".")
	require.Regexp(t, hooks[0].Files, "deploy/kratos.yml")
	require.NotRegexp(t, hooks[0].Files, "deploy/compose.yml")
	command(t, dir, nil, bin, append(words[1:], "kratos.yml")...)
}
