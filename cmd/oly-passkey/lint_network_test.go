package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ory "github.com/ory/client-go"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/internal/testing/orynetworktest"
)

const (
	networkID   = "9d7b6d0e-3f2a-4a4e-9a0f-1c2b3d4e5f60"
	networkSlug = "pensive-darwin-upz1f31srv"
)

// fakeOryNetwork has one project, whose configuration is the sound one of package
// orynetwork after some replacements.
func fakeOryNetwork(t *testing.T, oldnew ...string) *orynetworktest.FakeOryNetwork {
	t.Helper()
	sound, err := os.ReadFile("../../pkg/config/orynetwork/testdata/identity-config.json")
	require.NoError(t, err)
	config := strings.NewReplacer(oldnew...).Replace(string(sound))
	return orynetworktest.Start(t, []*ory.Project{orynetworktest.Project(t, networkID, networkSlug, config)}, nil)
}

func lintNetwork(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), append([]string{"lint"}, args...), &app{stdout: &out, stderr: &errs, environ: environ})
	return code, out.String(), errs.String()
}

func TestLintOryNetwork(t *testing.T) {
	environ := []string{"ORY_PROJECT_API_KEY=" + orynetworktest.Key}
	own := "https://" + networkSlug + ".projects.oryapis.com"
	sound, broken := fakeOryNetwork(t), fakeOryNetwork(t, `"`+own+`"`, `"`+own+`/"`)

	t.Run("sound", func(t *testing.T) {
		code, out, errs := lintNetwork(t, environ, "--ory-project", networkID, "--ory-api-url", sound.URL, "--quiet")
		require.Equal(t, cli.ExitClean, code, errs)
		require.Empty(t, out)
		require.Empty(t, errs)
	})
	t.Run("a finding names the JSON path and the setting", func(t *testing.T) {
		key := filepath.Join(t.TempDir(), "ory.key")
		require.NoError(t, os.WriteFile(key, []byte(orynetworktest.Key+"\n"), 0o600))
		code, out, errs := lintNetwork(t, nil, "--ory-project", networkID, "--ory-api-url", broken.URL, "--quiet", "--ory-api-key-file", key)
		require.Equal(t, cli.ExitFindings, code, errs)
		require.Contains(t, out, `ends with a slash`)
		require.Contains(t, out, "  note: ory:"+networkID+":")
		require.Contains(t, out, ": /selfservice/methods/passkey/config/rp/origins/0 (Ory Console: Authentication > Passwordless login)\n")
	})
	t.Run("a fix is a command", func(t *testing.T) {
		code, out, errs := lintNetwork(t, environ, "--ory-project", networkID, "--ory-api-url", broken.URL, "--quiet", "--fix")
		require.Equal(t, cli.ExitClean, code, errs)
		require.Equal(t, "ory patch identity-config "+networkID+` \
  --replace '/selfservice/methods/passkey/config/rp/origins=["`+own+`"]'
`, out)
		_, out, _ = lintNetwork(t, environ, "--ory-project", networkID, "--ory-api-url", broken.URL, "--diff", "--fix")
		require.Contains(t, out, "+            - "+own+"\n")
	})
	t.Run("nothing to mend", func(t *testing.T) {
		code, out, errs := lintNetwork(t, environ, "--ory-project", networkID, "--ory-api-url", sound.URL, "--quiet", "--fix")
		require.Equal(t, cli.ExitClean, code)
		require.Empty(t, out)
		require.Equal(t, "oly-passkey: there is nothing that can be mended safely\n", errs)
	})
	t.Run("a custom domain has to be named", func(t *testing.T) {
		custom := fakeOryNetwork(t, networkSlug+".projects.oryapis.com", "auth.example.com")
		code, out, errs := lintNetwork(t, environ, "--ory-project", networkID, "--ory-api-url", custom.URL, "--quiet")
		require.Equal(t, cli.ExitClean, code, out)
		require.Equal(t, "oly-passkey: the project's pages are at its custom domain; name it with --domain to check them, too\n", errs)
		code, out, errs = lintNetwork(t, environ, "--ory-project", networkID, "--ory-api-url", custom.URL, "--quiet", "--domain", "login.example.org")
		require.Equal(t, cli.ExitFindings, code)
		require.Empty(t, errs)
		require.Contains(t, out, `browsers reject rp.id "auth.example.com" on "https://login.example.org"`)
	})
}

func TestLintOryNetworkFails(t *testing.T) {
	f := fakeOryNetwork(t)
	dir := t.TempDir()
	empty, two := filepath.Join(dir, "empty"), filepath.Join(dir, "two")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	require.NoError(t, os.WriteFile(two, []byte("a b\n"), 0o600))
	for _, c := range []struct {
		code    int
		want    string
		environ []string
		args    []string
	}{
		{cli.ExitUsage, `--ory-project is "x"; it takes a project's id, a UUID that "ory list projects" shows`, nil, []string{"--ory-project", "x"}},
		{cli.ExitUsage, `--ory-project needs an API key: --ory-api-key-file, or ORY_WORKSPACE_API_KEY or ORY_PROJECT_API_KEY in the environment`, nil, []string{"--ory-project", networkID}},
		{cli.ExitUsage, `--ory-api-key-file and --ory-api-url go with --ory-project`, nil, []string{"--ory-api-key-file", empty}},
		{cli.ExitUsage, `--ory-project checks what the Ory Network has: no files, environment or environments besides it`, nil, []string{"--ory-project", networkID, "kratos.yml"}},
		{cli.ExitUsage, `--fix with --ory-project prints a command for the Ory CLI: it goes with --format text`, nil, []string{"--ory-project", networkID, "--fix", "--format", "json"}},
		{cli.ExitUsage, `--ory-api-url: invalid Ory Network URL "http://example.com": a token is sent there, so use https`, []string{"ORY_PROJECT_API_KEY=x"}, []string{"--ory-project", networkID, "--ory-api-url", "http://example.com"}},
		{cli.ExitFailed, `ory api key file "` + empty + `" is empty`, nil, []string{"--ory-project", networkID, "--ory-api-key-file", empty}},
		{cli.ExitFailed, `ory api key file: it has to hold the key alone`, nil, []string{"--ory-project", networkID, "--ory-api-key-file", two}},
		{cli.ExitFailed, `ory network project ` + networkID + `: the API key was rejected (401); it may have been revoked`, []string{"ORY_WORKSPACE_API_KEY=wrong", "ORY_PROJECT_API_KEY=" + orynetworktest.Key}, []string{"--ory-project", networkID, "--ory-api-url", f.URL}},
	} {
		code, out, errs := lintNetwork(t, c.environ, c.args...)
		require.Equal(t, c.code, code, c.want)
		require.Empty(t, out)
		require.Contains(t, errs, c.want)
		require.NotContains(t, errs, orynetworktest.Key)
	}
}

// TestAuditOryNetwork reads a project's identities with a token from a file.
func TestAuditOryNetwork(t *testing.T) {
	person := *ory.NewIdentity("00000000-0000-4000-8000-000000000001", "preset://email", "https://example.com/schemas/x", map[string]any{})
	passkey := *ory.NewIdentityCredentials()
	passkey.SetIdentifiers([]string{strings.Repeat("h", 64)})
	passkey.SetConfig(map[string]any{"credentials": []any{map[string]any{"id": "J8J/Fh5Y", "authenticator": map[string]any{"aaguid": ""}}}})
	person.SetCredentials(map[string]ory.IdentityCredentials{"passkey": passkey})
	f := orynetworktest.Start(t, nil, []ory.Identity{person})
	key := filepath.Join(t.TempDir(), "ory.key")
	require.NoError(t, os.WriteFile(key, []byte(orynetworktest.Key+"\n"), 0o600))

	code, out, errs := runAudit(t, "--kratos-admin-url", f.URL, "--kratos-admin-token-file", key)
	require.Equal(t, cli.ExitClean, code, errs)
	require.Contains(t, out, "  with passkeys alone                                   1   100.0 %\n")

	code, out, errs = runAudit(t, "--kratos-admin-url", f.URL)
	require.Equal(t, cli.ExitFailed, code)
	require.Empty(t, out)
	require.Contains(t, errs, "answered 401 Unauthorized")
}
