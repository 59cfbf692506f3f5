package setup_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/templates"
)

// presets are the layouts that init offers by name, and the deployments of one.
func presets() map[string]setup.Options {
	fingerprint := strings.Repeat("A1", 32)
	return map[string]setup.Options{
		"one domain":      {Domain: "auth.example.com"},
		"subdomains":      {Domain: "auth.example.com", RPID: "example.com", Origins: []string{"https://app.example.com"}},
		"related origins": {Domain: "auth.example.com", RPID: "example.com", Related: true, Origins: []string{"https://www.example.org", "https://app.example.com"}},
		"localhost":       {Domain: "localhost"},
		"mobile":          {Domain: "auth.example.com", AndroidApps: []string{"com.example.app=" + fingerprint}, AppleApps: []string{"ABCDE12345.com.example.app"}},
		"customers":       {Domain: "login.example.com", Instance: setup.Customers},
		"staff":           {Domain: "staff.example.com", Instance: setup.Staff, Closed: true},
		"staff with keys": {Domain: "staff.example.com", Instance: setup.Staff, Closed: true, WebAuthn: setup.SecondFactor, RefuseAddressChange: true},
		"policy":          {Domain: "auth.example.com", Kratos: "v26.3.0"},
		"helm":            {Domain: "auth.example.com", Target: setup.Helm, RefuseAddressChange: true},
	}
}

func TestPresetsLintClean(t *testing.T) {
	for name, o := range presets() {
		t.Run(name, func(t *testing.T) {
			found, err := setup.Lint(files(t, o, setup.State{}))
			require.NoError(t, err)
			require.Empty(t, found)
		})
	}
}

// TestTwo: everything that must differ does, and one project file names both.
func TestTwo(t *testing.T) {
	all, err := setup.TwoFiles(setup.Options{Domain: "login.example.com", AppName: "Example", CI: setup.GitHub}, "", [2]setup.State{}, new(counter))
	require.NoError(t, err)
	found, err := setup.Lint(all)
	require.NoError(t, err)
	require.Empty(t, found)
	customers, staff := content(t, all, "customers/kratos.yml"), content(t, all, "staff/kratos.yml")
	for _, key := range []string{"base_url:", "port:", " id:", "name: ory", "display_name:", "url: http://127.0.0.1:44"} {
		require.NotEqual(t, lineWith(t, customers, key), lineWith(t, staff, key), key)
	}
	require.Contains(t, staff, "      enabled: false # administrators create the accounts\n")
	require.NotContains(t, content(t, all, "staff/kratos.env"), "REGISTRATION")
	require.Equal(t, `# Written by oly-passkey init. Check both with:
#   oly-passkey lint --all-environments
environments:
  customers:
    config: [customers/kratos.yml]
    domains: ["login.example.com"]
    kratos: v26.2.0
  staff:
    config: [staff/kratos.yml]
    domains: ["staff.example.com"]
    kratos: v26.2.0
`, content(t, all, setup.ProjectFile))
	require.Contains(t, content(t, all, ".github/workflows/passkeys.yml"), "oly-passkey lint --project .oly-passkey.yaml --all-environments\n")

	again, err := setup.TwoFiles(setup.Options{Domain: "localhost"}, "", [2]setup.State{}, new(counter))
	require.NoError(t, err)
	require.Contains(t, content(t, again, "staff/kratos.yml"), "http://localhost:4465/login")

	_, err = setup.TwoFiles(setup.Options{Domain: "login.example.com"}, "login.example.com", [2]setup.State{}, new(counter))
	require.EqualError(t, err, `--staff-domain "login.example.com" is the customers' domain; staff need one of their own, or a passkey of the one is offered to the other`)
	_, err = setup.TwoFiles(setup.Options{Domain: "login.example.com", Target: setup.Systemd}, "", [2]setup.State{}, new(counter))
	require.EqualError(t, err, "--target systemd has one kratos.service for a machine; run init twice, with another --mount")
}

func lineWith(t *testing.T, text, part string) string {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	t.Fatalf("no line with %q", part)
	return ""
}

// TestUI: init writes the pages unchanged. The package templates compiles and runs
// them outside of this module.
func TestUI(t *testing.T) {
	pages, err := templates.Pages()
	require.NoError(t, err)
	written := map[string]string{}
	for _, f := range files(t, setup.Options{Domain: "localhost", UI: true}, setup.State{}) {
		if name, ok := strings.CutPrefix(f.Path, "ui/"); ok {
			written[name] = string(f.Content)
		}
	}
	require.Len(t, written, len(pages))
	for name, content := range pages {
		require.Equal(t, string(content), written[name], name)
	}
}

func TestPresetsRefuse(t *testing.T) {
	many := []string{"https://a.example", "https://b.example", "https://c.example", "https://d.example", "https://e.example", "https://f.example"}
	for name, c := range map[string]struct {
		o    setup.Options
		want string
	}{
		"related without another site": {setup.Options{Domain: "auth.example.com", Related: true}, `--origin is missing; related origins are pages on other sites than auth.example.com, such as https://www.example.org`},
		"related in clear text":        {setup.Options{Domain: "auth.example.com", Related: true, Origins: []string{"http://www.example.org"}}, `--origin "http://www.example.org" is not secure, and browsers offer no passkeys there; use https`},
		"too many sites":               {setup.Options{Domain: "auth.example.com", Related: true, Origins: many}, `--origin "https://f.example" is one label too many: browsers read five different ones in a related origins document`},
		"app without a fingerprint":    {setup.Options{Domain: "auth.example.com", AndroidApps: []string{"com.example.app"}}, `--android-app "com.example.app" has no fingerprint; add = and the SHA-256 of the signing certificate, as keytool -list -v shows it`},
		"app without a package":        {setup.Options{Domain: "auth.example.com", AndroidApps: []string{"app"}}, `--android-app "app" does not begin with a package name, such as com.example.app`},
		"Apple app":                    {setup.Options{Domain: "auth.example.com", AppleApps: []string{"com.example.app"}}, `--apple-app "com.example.app" is not the ten characters of a team id, a dot and a bundle id`},
		"app on localhost":             {setup.Options{Domain: "localhost", AppleApps: []string{"ABCDE12345.com.example.app"}}, `--domain "localhost" is not a name that a phone can resolve; apps need a public one`},
		"app on an old Kratos":         {setup.Options{Domain: "auth.example.com", Kratos: "v1.3.1", AppleApps: []string{"ABCDE12345.com.example.app"}}, `--kratos-version v1.3.1 shows no passkeys to apps; they came with v26.2.0`},
		"Kratos before passkeys":       {setup.Options{Domain: "auth.example.com", Kratos: "v1.1.0"}, `--kratos-version v1.1.0 has no passkey method, which came with v1.2.0`},
		"no version":                   {setup.Options{Domain: "auth.example.com", Kratos: "latest"}, `--kratos-version "latest" is not a Kratos version; use a form such as v26.2.0`},
		"instance":                     {setup.Options{Domain: "auth.example.com", Instance: "My staff"}, `--instance "My staff" has more than small letters, digits and hyphens`},
		"address of their own choice":  {setup.Options{Domain: "auth.example.com", SignUp: setup.PasskeyFirst, RefuseAddressChange: true}, `--refuse-address-change cannot be combined with --sign-up passkey-first, where the address is entered in settings`},
		"closed and open":              {setup.Options{Domain: "auth.example.com", Closed: true, SignUp: setup.PasskeyFirst}, `--sign-up passkey-first cannot be combined with closed registration`},
	} {
		t.Run(name, func(t *testing.T) {
			require.EqualError(t, c.o.Validate(), c.want)
		})
	}
}

// TestAdditions: the hooks that a patch added get keys, and an existing environment
// file keeps its variables.
func TestAdditions(t *testing.T) {
	const theirs = "SELFSERVICE_FLOWS_SETTINGS_AFTER_PROFILE_HOOKS_0_CONFIG_AUTH_CONFIG_VALUE=theirs\n"
	have := setup.State{KratosEnv: []byte("DSN=memory\n" + theirs)}
	all, err := setup.Additions(setup.Addition{
		Page: "auth.example.com", HookLists: []string{"login.passkey", "settings.passkey"}, CI: setup.PreCommit, Config: "kratos.yaml", Repository: "deploy",
	}, have, new(counter))
	require.NoError(t, err)
	got := make(map[string]string)
	for _, f := range all {
		got[f.Path] = string(f.Content)
	}
	require.Equal(t, []string{"../.pre-commit-config.yaml", ".gitignore", "kratos.env", "sidecar.key"}, slices.Sorted(maps.Keys(got)))
	require.Contains(t, got["../.pre-commit-config.yaml"], "oly-passkey lint -c deploy/kratos.yaml --domain auth.example.com\n")
	key := strings.TrimPrefix(strings.SplitAfter(got["sidecar.key"], "\n")[0], "hooks:")
	require.Equal(t, "DSN=memory\n"+theirs+
		"SELFSERVICE_FLOWS_LOGIN_AFTER_PASSKEY_HOOKS_0_CONFIG_AUTH_CONFIG_VALUE="+key+
		"SELFSERVICE_FLOWS_SETTINGS_AFTER_PASSKEY_HOOKS_0_CONFIG_AUTH_CONFIG_VALUE="+key, got["kratos.env"])

	none, err := setup.Additions(setup.Addition{Config: "kratos.yml"}, setup.State{}, broken{})
	require.NoError(t, err)
	require.Empty(t, none)
}
