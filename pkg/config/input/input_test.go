package input_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
)

const passkeys = "dsn: memory\nselfservice: {methods: {passkey: {enabled: true, config: {rp: {id: example.com, display_name: Example, origins: [\"https://example.com\"]}}}}}\n"

// folder changes to a new working directory with some files.
func folder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
}

// read returns the names of the files of each configuration.
func read(t *testing.T, o input.Options) ([][]string, []input.Config, error) {
	t.Helper()
	l, err := input.New(o)
	require.NoError(t, err)
	configs, err := l.Configs(t.Context())
	var names [][]string
	for _, c := range configs {
		var layers []string
		for _, f := range c.Files {
			layers = append(layers, f.Name)
		}
		names = append(names, layers)
	}
	return names, configs, err
}

func TestFiles(t *testing.T) {
	for _, c := range []struct {
		name   string
		files  map[string]string
		o      input.Options
		want   [][]string
		notice string
		err    string
		usage  bool
	}{
		{"layers are one configuration", map[string]string{"a.yml": passkeys, "b.yml": passkeys}, input.Options{Layers: []string{"a.yml", "b.yml"}}, [][]string{{"a.yml", "b.yml"}}, "", "", false},
		{"files are one each", map[string]string{"a.yml": passkeys, "b.yml": passkeys}, input.Options{Files: []string{"a.yml", "b.yml"}}, [][]string{{"a.yml"}, {"b.yml"}}, "", "", false},
		{"a folder has those that look like Kratos", map[string]string{"d/a.yml": passkeys, "d/x.yml": "a: b\n", "d/.hidden/a.yml": passkeys}, input.Options{Files: []string{"d"}}, [][]string{{"d/a.yml"}}, "", "", false},
		{"standard input", nil, input.Options{Files: []string{"-"}, Stdin: strings.NewReader(passkeys)}, [][]string{{"stdin"}}, "", "", false},
		{"standard input with a name", nil, input.Options{Layers: []string{"-"}, Stdin: strings.NewReader(passkeys), StdinFilename: "x.yml"}, [][]string{{"x.yml"}}, "", "", false},
		{"kratos.yml is the default", map[string]string{"kratos.yml": passkeys, "d/kratos.yml": passkeys}, input.Options{}, [][]string{{"kratos.yml"}}, "", "", false},
		{"the only configuration below", map[string]string{"deploy/kratos/kratos.yml": passkeys, "compose.yml": "services: {}\n", "testdata/kratos.yml": passkeys, "a/b/c/d/kratos.yml": passkeys}, input.Options{}, [][]string{{"deploy/kratos/kratos.yml"}}, "no kratos.yml here; using deploy/kratos/kratos.yml", "", false},
		{"the only one of that name below", map[string]string{"deploy/kratos.yml": passkeys, "deploy/prod.yml": passkeys}, input.Options{}, [][]string{{"deploy/kratos.yml"}}, "no kratos.yml here; using deploy/kratos.yml", "", false},
		{"several below", map[string]string{"a/kratos.yml": passkeys, "b/kratos.yml": passkeys}, input.Options{}, nil, "", "no kratos.yml here; choose with -c FILE among a/kratos.yml, b/kratos.yml", true},
		{"none", map[string]string{"x.yml": "a: b\n"}, input.Options{}, nil, "", "no kratos.yml here and no Kratos configuration below; name one with -c FILE", false},
		{"a profile that does not exist", map[string]string{"kratos.yml": passkeys}, input.Options{Profile: "test"}, nil, "", `invalid --profile "test": use dev or prod`, true},
		{"a version that is not one", map[string]string{"kratos.yml": passkeys}, input.Options{Version: "new"}, nil, "", `--kratos-version: "new" is not a Kratos version; use a form such as v26.2.0`, true},
		{"a domain that is not one", map[string]string{"kratos.yml": passkeys}, input.Options{Domains: []string{"a.example.com,,b.example.com"}}, nil, "", `invalid --domain "": use a host or an origin`, true},
		{"no environments", map[string]string{"kratos.yml": passkeys}, input.Options{Environment: "prod"}, nil, "", "no .oly-passkey.yaml here, so there are no environments", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder(t, c.files)
			var notice string
			c.o.Notice = func(text string) { notice = text }
			names, _, err := read(t, c.o)
			require.Equal(t, c.notice, notice)
			require.Equal(t, c.want, names)
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.err)
			var usage *input.OptionError
			require.Equal(t, c.usage, errors.As(err, &usage))
		})
	}
}

// TestDeployment reads the deployment from the options.
func TestDeployment(t *testing.T) {
	folder(t, map[string]string{
		"kratos.yml":  passkeys,
		"compose.yml": "services: {kratos: {image: \"oryd/kratos:v1.3.1\"}}\n",
		"kratos.env":  "LOG_LEVEL=debug\n",
		"hosts.txt":   "https://c.example.com\n",
		"schema.json": "{}",
	})
	_, configs, err := read(t, input.Options{
		Env: true, Environ: []string{"LOG_LEVEL=info"}, EnvFiles: []string{"kratos.env"}, Rendered: true, Profile: "dev",
		Domains: []string{"a.example.com, http://b.example.com:8080"}, DomainsFrom: []string{"hosts.txt"}, Schemas: []string{"schema.json", "other=schema.json"},
	})
	require.NoError(t, err)
	require.Len(t, configs, 1)
	o := configs[0].Lint
	require.Equal(t, kratosconf.Version{Major: 1, Minor: 3, Patch: 1}, o.Version)
	require.True(t, o.Rendered)
	var origins []string
	for _, d := range o.Domains {
		origins = append(origins, d.Origin())
	}
	require.Equal(t, []string{"https://a.example.com", "http://b.example.com:8080", "https://c.example.com"}, origins)
	require.Equal(t, map[string]string{"": "schema.json", "other": "schema.json"}, o.Schemas.Named)
	pass, err := configs[0].Parse()
	require.NoError(t, err)
	require.Equal(t, "info", pass.Config.Get("log.level").Text(), "the process overrides the file")
}

func TestEnvironments(t *testing.T) {
	folder(t, map[string]string{
		"deploy/.oly-passkey.yaml": "environments:\n  one: {config: [a.yml], domains: [a.example.com], kratos: v1.3.1}\n  two: {config: [a.yml, b.yml], identity_schemas: {default: schema.json}}\n",
		"deploy/a.yml":             passkeys, "deploy/b.yml": passkeys, "deploy/schema.json": "{}", "other.yml": passkeys,
	})
	o := input.Options{Project: "deploy/.oly-passkey.yaml"}
	names, configs, err := read(t, o)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"deploy/a.yml"}, {"deploy/a.yml", "deploy/b.yml"}}, names)
	require.Equal(t, "one", configs[0].Environment.Name)
	require.Equal(t, "v1.3.1", configs[0].Lint.Version.String())
	require.Equal(t, map[string]string{"default": "deploy/schema.json"}, configs[1].Lint.Schemas.Named)
	o.Environment = "two"
	names, _, err = read(t, o)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"deploy/a.yml", "deploy/b.yml"}}, names)
	o.Environment, o.Files = "", []string{"other.yml"}
	names, _, err = read(t, o)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"other.yml"}}, names, "named files win over environments")
}

func TestParseReportsSyntax(t *testing.T) {
	folder(t, map[string]string{"kratos.yml": "a: [1"})
	l, err := input.New(input.Options{})
	require.NoError(t, err)
	config, err := l.One(t.Context())
	require.NoError(t, err)
	_, err = config.Parse()
	var unreadable *input.UnreadableError
	require.ErrorAs(t, err, &unreadable)
	require.Len(t, unreadable.Findings, 1)
}

func TestLayersAreOptional(t *testing.T) {
	folder(t, map[string]string{"kratos.yml": passkeys})
	l, err := input.New(input.Options{})
	require.NoError(t, err)
	config, err := l.Layers(t.Context())
	require.NoError(t, err)
	require.Empty(t, config.Files)
}

// TestBounds: a configuration cannot make the program read files elsewhere.
func TestBounds(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.json")
	require.NoError(t, os.WriteFile(outside, []byte("{}"), 0o600))
	folder(t, map[string]string{"kratos.yml": passkeys})
	l, err := input.New(input.Options{})
	require.NoError(t, err)
	_, err = l.Open(outside)
	require.ErrorContains(t, err, "it is outside of the repository")
	require.EqualError(t, l.MayWrite(outside), `write "`+outside+`": it is outside of the repository, or a link that leads there`)
	require.NoError(t, l.MayWrite("new.json"))
	l, err = input.New(input.Options{Schemas: []string{"x=" + outside}, Layers: []string{"kratos.yml"}})
	require.NoError(t, err)
	_, err = l.Open(outside)
	require.NoError(t, err, "the user named it")
	_, err = l.Open("missing.yml")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
