package conformance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/kratos/conformance"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// base has what Kratos requires of every configuration, so that a rule's case needs
// only its own part.
const base = `
dsn: memory
identity: { default_schema_id: default, schemas: [ { id: default, url: "base64://e30=" } ] }
selfservice: { default_browser_return_url: "https://auth.example.com/" }
`

// TestStartClaims checks each rule's claim that Kratos does not start, and its
// silence, against Kratos' own validation, over every case of every rule.
func TestStartClaims(t *testing.T) {
	archives, err := filepath.Glob("../../pkg/config/lint/rules/*.txtar")
	require.NoError(t, err)
	require.Greater(t, len(archives), 20)
	refused, accepted := 0, 0
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		for folder, files := range cases(archive) {
			t.Run(filepath.Base(path)+"/"+folder, func(t *testing.T) {
				claim, known := claim(t, files)
				if !known {
					return
				}
				err := validate(t, files)
				if claim != "" {
					refused++
					require.Error(t, err, "lint says %q, and kratos starts", claim)
				} else {
					accepted++
					require.NoError(t, err, "kratos does not start, and lint does not report it")
				}
			})
		}
	}
	t.Logf("%d cases rejected at start, %d accepted, as reported by lint", refused, accepted)
	require.Positive(t, refused)
	require.Positive(t, accepted)
}

type file struct{ name, text string }

var chartValues = regexp.MustCompile(`(?m)^kratos:$`)

// cases groups an archive by its folders.
func cases(archive *txtar.Archive) map[string][]file {
	out := map[string][]file{}
	for _, f := range archive.Files {
		folder, name, _ := strings.Cut(f.Name, "/")
		out[folder] = append(out[folder], file{name, string(f.Data)})
	}
	return out
}

// layers are the configuration files of a case, arguments its environment. A
// case for another version of Kratos, one with templates left, or a manifest or the
// values of a chart, which Kratos itself never reads, is not known to this oracle.
func layers(files []file) (configs []file, environ []string, known bool) {
	var named []string
	for _, f := range files {
		if f.name != "args" {
			continue
		}
		for line := range strings.Lines(strings.ReplaceAll(f.text, " --", "\n--")) {
			flag, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch flag {
			case "-c":
				named = append(named, value)
			case "--env":
				environ = append(environ, value)
			case "--kratos-version":
				return nil, nil, false
			}
		}
	}
	for _, f := range files {
		ext := filepath.Ext(f.name)
		isConfig := (ext == ".yml" || ext == ".json") && !strings.Contains(f.name, "schema") && !strings.HasPrefix(f.name, "fixed/") && !strings.HasPrefix(f.name, "suggested/")
		if !isConfig || named != nil && !contains(named, f.name) {
			continue
		}
		if strings.ContainsAny(f.text, "$@%") || strings.Contains(f.text, "{{") || strings.Contains(f.text, "kind: ") || chartValues.MatchString(f.text) || strings.Contains("\n"+f.text, "\nkratos:") || strings.Contains(f.text, "__") {
			return nil, nil, false
		}
		configs = append(configs, f)
	}
	return configs, environ, len(configs) > 0
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// claim is what lint says of a start that fails, "" when it says nothing.
func claim(t *testing.T, files []file) (message string, known bool) {
	t.Helper()
	configs, environ, known := layers(files)
	if !known {
		return "", false
	}
	opts := lint.Options{Env: kratosconf.Environ(environ)}
	var err error
	opts.Version, err = kratosconf.ParseVersion("v1.3.1")
	require.NoError(t, err)
	opts.Schemas.Read = func(string) (*source.File, error) { return nil, os.ErrNotExist }
	var sources []*source.File
	for _, c := range configs {
		sources = append(sources, source.New(c.name, []byte(c.text)))
	}
	found, err := lint.Check(sources, opts, rules.All())
	if err != nil {
		return err.Error(), true
	}
	for _, f := range found {
		if strings.HasPrefix(f.Message, "identity schema ") {
			continue // Kratos loads the schemas after the configuration
		}
		if f.Severity == finding.Error && strings.Contains(f.Message, "does not start") {
			return f.Message, true
		}
	}
	return "", true
}

func validate(t *testing.T, files []file) error {
	t.Helper()
	configs, environ, _ := layers(files)
	dir := t.TempDir()
	names := []string{filepath.Join(dir, "base.yaml")}
	require.NoError(t, os.WriteFile(names[0], []byte(base), 0o600))
	for _, c := range configs {
		name := filepath.Join(dir, c.name)
		require.NoError(t, os.WriteFile(name, []byte(c.text), 0o600))
		names = append(names, name)
	}
	for _, kv := range environ {
		key, value, _ := strings.Cut(kv, "=")
		t.Setenv(key, value)
	}
	return conformance.Validate(t.Context(), names...)
}
