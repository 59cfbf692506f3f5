package setup_test

import (
	"encoding/json"
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// counter is randomness that is the same every time: 0, 1, 2, …
type counter byte

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(*c)
		*c++
	}
	return len(p), nil
}

func files(t *testing.T, o setup.Options, have setup.State) []setup.File {
	t.Helper()
	all, err := setup.Files(o, have, new(counter))
	require.NoError(t, err)
	return all
}

// content returns the content of one file of a list.
func content(t *testing.T, all []setup.File, path string) string {
	t.Helper()
	for _, f := range all {
		if f.Path == path {
			return string(f.Content)
		}
	}
	t.Fatalf("no %s", path)
	return ""
}

func state(t *testing.T, all []setup.File) setup.State {
	t.Helper()
	s := setup.State{
		SidecarKey: []byte(content(t, all, setup.SidecarKey)),
		KratosEnv:  []byte(content(t, all, setup.KratosEnv)),
		GitIgnore:  []byte(content(t, all, ".gitignore")),
	}
	for _, f := range all {
		if f.Path == setup.PostgresEnv {
			s.PostgresEnv = f.Content
		}
	}
	return s
}

// layouts are options that between them reach every line of the templates.
func layouts() map[string]setup.Options {
	return map[string]setup.Options{
		"code-first":    {Domain: "auth.example.com", AppName: "Example"},
		"passkey-first": {Domain: "Auth.Example.com", AppName: `A "name": #1`, RPID: "example.com", SignUp: setup.PasskeyFirst, WebAuthn: setup.Passwordless},
		"second-factor": {Domain: "auth.example.co.uk", KratosURL: "https://kratos.example.co.uk:8443/api", UIURL: "https://auth.example.co.uk/ui/", WebAuthn: setup.SecondFactor},
		"container":     {Domain: "example.com", SidecarURL: "http://sidecar:4477/", Mount: "/etc/config/kratos/"},
		"origins": {
			Domain: "auth.example.com", RPID: "example.com", WebAuthn: setup.Passwordless,
			Origins:    []string{"https://app.example.com", "https://AUTH.example.com:443", "https://app.example.com/", "https://shop.example.com:8443"},
			SidecarURL: "http://127.0.0.1:4487", PublicListen: "127.0.0.1:4443", AdminListen: "127.0.0.1:4444",
		},
		"compose":    {Domain: "auth.example.com", Target: setup.Compose, CI: setup.GitHub},
		"kubernetes": {Domain: "auth.example.com", Target: setup.Kubernetes, CI: setup.GitLab, Repository: "deploy/kratos"},
		"systemd":    {Domain: "auth.example.com", Target: setup.Systemd, CI: setup.PreCommit, Version: "v1.2.3"},
		"localhost":  {Domain: "localhost"},
		"helm":       {Domain: "auth.example.com", Target: setup.Helm, CI: setup.GitHub},
		"related":    {Domain: "auth.example.com", RPID: "example.com", Related: true, Origins: []string{"https://www.example.org", "https://app.example.com"}},
		"mobile":     {Domain: "auth.example.com", AndroidApps: []string{"com.example.app=" + strings.Repeat("A1", 32)}, AppleApps: []string{"ABCDE12345.com.example.app"}},
		"staff":      {Domain: "staff.example.com", Instance: "staff", Closed: true, WebAuthn: setup.SecondFactor},
		"policy":     {Domain: "auth.example.com", Kratos: "v26.3.0"},
		"address":    {Domain: "auth.example.com", RefuseAddressChange: true, Target: setup.Kubernetes},
		"demo": {
			Domain: "localhost", AppName: "Demo", SignUp: setup.PasskeyFirst,
			PublicListen: "127.0.0.1:14433", AdminListen: "127.0.0.1:14434",
			KratosURL: "http://localhost:14433/", UIURL: "http://localhost:14455",
			CourierURL: "http://127.0.0.1:14455/courier", DSN: "sqlite:///tmp/demo/kratos.db?_fk=true&mode=rwc",
		},
	}
}

// TestFiles compares all written files with golden files, which show what the options
// do.
func TestFiles(t *testing.T) {
	for name, o := range layouts() {
		t.Run(name, func(t *testing.T) {
			all := files(t, o, setup.State{})
			var got txtar.Archive
			for _, f := range all {
				got.Files = append(got.Files, txtar.File{Name: f.Path + " " + f.Mode.String(), Data: f.Content})
			}
			golden.File(t, "testdata/"+name+".txtar", txtar.Format(&got), *update)
		})
	}
}

// TestNoSecretInTheOpen looks for every key and secret in the files that are
// not private.
func TestNoSecretInTheOpen(t *testing.T) {
	all := files(t, setup.Options{Domain: "example.com", WebAuthn: setup.Passwordless}, setup.State{})
	var secrets []string
	for _, line := range setup.Environ([]byte(content(t, all, setup.KratosEnv))) {
		if name, value, _ := strings.Cut(line, "="); strings.HasPrefix(name, "SECRETS_") || strings.HasSuffix(name, "_AUTH_CONFIG_VALUE") {
			secrets = append(secrets, value)
		}
	}
	for line := range strings.Lines(content(t, all, setup.SidecarKey)) {
		_, key, _ := strings.Cut(strings.TrimSpace(line), ":")
		secrets = append(secrets, key)
	}
	require.Len(t, secrets, 3+6+4)
	for _, f := range all {
		if f.Mode.Perm() == 0o600 {
			continue
		}
		for _, secret := range secrets {
			require.NotContains(t, string(f.Content), secret, f.Path)
		}
	}
}

func TestAnotherRunKeepsWhatIsThere(t *testing.T) {
	o := setup.Options{Domain: "auth.example.com"}
	first := files(t, o, setup.State{})

	t.Run("all of it", func(t *testing.T) {
		again, err := setup.Files(o, state(t, first), broken{})
		require.NoError(t, err)
		for i := range again {
			require.Equal(t, string(first[i].Content), string(again[i].Content), again[i].Path)
		}
	})
	t.Run("edited values and more variables", func(t *testing.T) {
		have := state(t, first)
		have.KratosEnv = []byte("LOG_LEVEL=debug\n" + strings.Replace(string(have.KratosEnv), "DSN=sqlite", "DSN=postgres", 1))
		again := files(t, o, have)
		require.Equal(t, string(have.KratosEnv), content(t, again, setup.KratosEnv))
	})
	t.Run("a second hooks key while one is rotated", func(t *testing.T) {
		have := state(t, first)
		have.SidecarKey = append([]byte("hooks:next\n"), have.SidecarKey...)
		again := files(t, o, have)
		require.Equal(t, string(have.KratosEnv), content(t, again, setup.KratosEnv))
		require.Equal(t, string(have.SidecarKey), content(t, again, setup.SidecarKey))
	})
	t.Run("the hook key when only kratos.env is left", func(t *testing.T) {
		have := state(t, first)
		have.SidecarKey = nil
		again := files(t, o, have)
		require.Equal(t, string(have.KratosEnv), content(t, again, setup.KratosEnv))
		require.Equal(t, strings.SplitAfter(string(state(t, first).SidecarKey), "\n")[0], strings.SplitAfter(content(t, again, setup.SidecarKey), "\n")[0])
	})
	t.Run("lines are added to an unfinished .gitignore", func(t *testing.T) {
		again := files(t, o, setup.State{GitIgnore: []byte("node_modules\nkratos.env")})
		require.Equal(t, "node_modules\nkratos.env\n/sidecar.key\n/kratos.db*\n/data/\n", content(t, again, ".gitignore"))
	})
	t.Run("the database's password when only kratos.env is left", func(t *testing.T) {
		o := setup.Options{Domain: "auth.example.com", Target: setup.Compose}
		compose := files(t, o, setup.State{})
		have := state(t, compose)
		have.PostgresEnv = nil
		again, err := setup.Files(o, have, broken{})
		require.NoError(t, err)
		require.Equal(t, state(t, compose), state(t, again))
	})
	t.Run("a hook variable that no hook waits for goes, and is no mere extension", func(t *testing.T) {
		have := state(t, files(t, setup.Options{Domain: "auth.example.com", WebAuthn: setup.Passwordless}, setup.State{}))
		for _, f := range files(t, o, have) {
			if f.Path == setup.KratosEnv {
				require.Equal(t, string(state(t, first).KratosEnv), string(f.Content))
				require.False(t, f.Extends)
			}
		}
	})
	t.Run("the key of a hook that is given up goes, and is no mere extension", func(t *testing.T) {
		have := state(t, files(t, setup.Options{Domain: "auth.example.com", RefuseAddressChange: true}, setup.State{}))
		require.Equal(t, 4, strings.Count(string(have.KratosEnv), "_AUTH_CONFIG_VALUE="))
		for _, f := range files(t, o, have) {
			if f.Path == setup.KratosEnv {
				require.Equal(t, string(state(t, first).KratosEnv), string(f.Content))
				require.False(t, f.Extends)
			}
		}
	})
	t.Run("a key that the sidecar would not take is replaced, and is no mere extension", func(t *testing.T) {
		have := state(t, first)
		have.SidecarKey = []byte("hooks:other\n")
		for _, f := range files(t, o, have) {
			if f.Path == setup.KratosEnv {
				require.Equal(t, 3, strings.Count(string(f.Content), "_AUTH_CONFIG_VALUE=other\n"))
				require.False(t, f.Extends)
			}
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

func TestFilesFail(t *testing.T) {
	o := setup.Options{Domain: "auth.example.com"}
	_, err := setup.Files(o, setup.State{}, broken{})
	require.EqualError(t, err, "no randomness for a key: no entropy")

	_, err = setup.Files(o, setup.State{SidecarKey: []byte("hooks:a\n\n# rotated\nhook:b\n")}, new(counter))
	require.EqualError(t, err, "sidecar.key:4: not a scope:key line; scopes are hooks, resolve, read, admin, and a key has no spaces and no quotes")
}

// FuzzFiles feeds the texts that reach YAML, JSON and the environment.
func FuzzFiles(f *testing.F) {
	f.Add("auth.example.com", "Example", "example.com", "/etc/kratos", "postgres://db/kratos")
	f.Add("localhost", "a: b # c\u2028\u0085", "", "", "")
	f.Add("bücher.example", "'\"\\ ☃ <&>", "", "/a b", "memory")
	f.Fuzz(func(t *testing.T, domain, appName, rpID, mount, dsn string) {
		all, err := setup.Files(setup.Options{Domain: domain, AppName: appName, RPID: rpID, Mount: mount, DSN: dsn}, setup.State{}, new(counter))
		if err != nil {
			var wrong *setup.OptionError
			require.ErrorAs(t, err, &wrong)
			return
		}
		var conf struct {
			Selfservice struct {
				Methods struct {
					Passkey struct {
						Config struct {
							RP struct {
								ID          string `yaml:"id"`
								DisplayName string `yaml:"display_name"`
							} `yaml:"rp"`
						} `yaml:"config"`
					} `yaml:"passkey"`
				} `yaml:"methods"`
			} `yaml:"selfservice"`
		}
		require.NoError(t, yaml.Unmarshal([]byte(content(t, all, setup.KratosYML)), &conf))
		rp := conf.Selfservice.Methods.Passkey.Config.RP
		require.NotEmpty(t, rp.ID)
		if appName != "" {
			require.Equal(t, appName, rp.DisplayName)
		}
		require.True(t, json.Valid([]byte(content(t, all, "identity.schema.json"))))
		env := content(t, all, setup.KratosEnv)
		require.Equal(t, strings.Split(strings.TrimSuffix(env, "\n"), "\n"), strings.Fields(env), "one word a line")
	})
}

// FuzzState feeds what a user may have made of the files that are kept.
func FuzzState(f *testing.F) {
	f.Add([]byte("hooks:a\nread:b\n"), []byte("DSN=memory\n"), []byte("POSTGRES_PASSWORD=x"), []byte("*.db"))
	f.Add([]byte("hooks:a"), []byte("=\n#\n\r\nDSN\nDSN=a=b"), []byte("POSTGRES_PASSWORD=\n"), []byte("\xff"))
	f.Add([]byte(""), []byte("DSN=postgres://kratos:%41@postgres/kratos"), []byte(""), []byte(""))
	f.Fuzz(func(t *testing.T, key, env, postgres, ignore []byte) {
		o := setup.Options{Domain: "localhost", Target: setup.Compose}
		all, err := setup.Files(o, setup.State{SidecarKey: key, KratosEnv: env, PostgresEnv: postgres, GitIgnore: ignore}, new(counter))
		if err != nil {
			require.ErrorContains(t, err, "sidecar.key:")
			return
		}
		again, err := setup.Files(o, state(t, all), broken{})
		require.NoError(t, err)
		require.Equal(t, state(t, all), state(t, again))
	})
}
