package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

// completed asks the engine that all four shells ask.
func completed(t *testing.T, words ...string) []string {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(context.Background(), append([]string{"__completeNoDesc"}, words...), &app{stdout: &out, stderr: &errs})
	require.Equal(t, cli.ExitClean, code, errs.String())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[:len(lines)-1] // the last one is for the shell
}

func TestCompletion(t *testing.T) {
	require.Equal(t, []string{"healthcheck"}, completed(t, "heal"))
	require.Equal(t, []string{"--ory-project"}, completed(t, "lint", "--ory-p"))
	require.Equal(t, []string{"bash", "fish", "powershell", "zsh"}, completed(t, "completion", ""))
	require.Equal(t, []string{"text", "json", "html", "sarif"}, completed(t, "doctor", "x", "--format", ""))
	require.Equal(t, []string{"error", "warning", "info"}, completed(t, "lint", "--fail-on", ""))
	require.Equal(t, []string{"dev", "prod"}, completed(t, "lint", "--profile", ""))
	require.Equal(t, setup.Presets(), completed(t, "init", "--preset", ""))
	require.Equal(t, []string{"compose", "kubernetes", "helm", "systemd"}, completed(t, "init", "--target", ""))
	require.Equal(t, []string{"github", "gitlab", "pre-commit"}, completed(t, "init", "--ci", ""))
	require.Equal(t, []string{"code-first", "passkey-first"}, completed(t, "init", "--sign-up", ""))
	require.Contains(t, completed(t, "lint", "--explain", ""), "rp-id-is-url")
	require.Contains(t, completed(t, "explain", ""), "rp-id-is-url")
	require.Contains(t, completed(t, "upgrade-check", "--to", ""), "v1.3.1")
	require.Equal(t, []string{"webauthn", "passkey-endpoints", "assetlinks.json", "apple-app-site-association"}, completed(t, "wellknown", "generate", ""))
}

// TestCompletionScripts: each shell's script is what that shell takes.
func TestCompletionScripts(t *testing.T) {
	for shell, hook := range map[string]string{
		"bash":       "complete -o default -F __start_oly-passkey oly-passkey",
		"zsh":        "#compdef oly-passkey\ncompdef _oly-passkey oly-passkey\n",
		"fish":       "complete -c oly-passkey ",
		"powershell": "Register-ArgumentCompleter -CommandName 'oly-passkey' -ScriptBlock ",
	} {
		var out bytes.Buffer
		require.Equal(t, cli.ExitClean, run(context.Background(), []string{"completion", shell}, &app{stdout: &out, stderr: &out}))
		require.Contains(t, out.String(), hook, shell)
	}
}

// TestCompletionInBash types a line in a real bash, as far as its own completion
// functions go.
func TestCompletionInBash(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, filepath.Join(bin, "oly-passkey"))) // testscript.Main makes this test the program
	const script = `
source <(oly-passkey completion bash)
_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
compopt() { :; }
COMP_WORDS=(oly-passkey lint --base) COMP_CWORD=2 COMP_LINE="oly-passkey lint --base" COMP_POINT=23 COMP_TYPE=9
__start_oly-passkey
printf '%s\n' "${COMPREPLY[@]}"
`
	c := exec.Command("bash", "-eu", "-c", script)
	c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "--baseline", strings.TrimSpace(strings.SplitN(string(out), "\t", 2)[0]))
}
