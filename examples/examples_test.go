// Package examples_test checks that the examples are what init writes today, and
// free of findings.
package examples_test

import (
	"bytes"
	"crypto/rand"
	"flag"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/matrix"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

var update = flag.Bool("update", false, "regenerate the examples")

const (
	twoKratos   = "two-kratos"   // the example with two deployments
	reactKratos = "react/kratos" // the Kratos of the hand-written example react
)

func examples() map[string]setup.Options {
	const app = "Example"
	return map[string]setup.Options{
		"localhost":       {Domain: "localhost", AppName: app, KratosURL: "http://localhost:4433/", UIURL: "http://localhost:4455", SignUp: setup.PasskeyFirst},
		"one-domain":      {Domain: "auth.example.com", AppName: app},
		"subdomains":      {Domain: "auth.example.com", AppName: app, RPID: "example.com", Origins: []string{"https://app.example.com"}},
		"related-origins": {Domain: "auth.example.com", AppName: app, RPID: "example.com", Related: true, Origins: []string{"https://www.example.org", "https://shop.brand.example"}},
		"mobile": {
			Domain: "auth.example.com", AppName: app,
			AndroidApps: []string{"com.example.app=14:6D:E9:83:C5:73:06:50:D8:EE:B9:95:2F:34:FC:64:16:A0:83:42:E6:1D:BE:A8:8A:04:96:B2:3F:CF:44:E5"},
			AppleApps:   []string{"ABCDE12345.com.example.app"},
		},
		"separate-kratos": {Domain: "login.example.com", AppName: app, KratosURL: "https://kratos.example.com/"},
		"security-keys":   {Domain: "auth.example.com", AppName: app, WebAuthn: setup.Passwordless},
		"second-factor":   {Domain: "auth.example.com", AppName: app, WebAuthn: setup.SecondFactor},
		"compose":         {Domain: "auth.example.com", AppName: app, Target: setup.Compose},
		"kubernetes":      {Domain: "auth.example.com", AppName: app, Target: setup.Kubernetes},
		twoKratos:         {Domain: "login.example.com", AppName: app},
		reactKratos: {
			Domain: "localhost", AppName: app, KratosURL: "http://localhost:4433/", UIURL: "http://localhost:4455",
			Origins: []string{"http://localhost:5173"}, SignUp: setup.PasskeyFirst,
		},
	}
}

// TestExamples: each folder holds what init writes with these options, except for
// files with secrets; lint finds nothing in it, and its matrix is up to date.
func TestExamples(t *testing.T) {
	for name, options := range examples() {
		t.Run(name, func(t *testing.T) {
			files, err := write(name, options)
			require.NoError(t, err)
			found, err := setup.Lint(files)
			require.NoError(t, err)
			require.Empty(t, found)
			for _, f := range append(files, tables(t, files)...) {
				if f.Mode.Perm()&0o077 == 0 {
					continue // a secret: each run of init generates its own
				}
				golden.File(t, filepath.Join(name, filepath.FromSlash(f.Path)), f.Content, *update)
			}
		})
	}
}

func write(name string, o setup.Options) ([]setup.File, error) {
	if name == twoKratos {
		return setup.TwoFiles(o, "", [2]setup.State{}, rand.Reader)
	}
	return setup.Files(o, setup.State{}, rand.Reader)
}

// tables returns the matrix of each configuration among the files.
func tables(t *testing.T, files []setup.File) []setup.File {
	t.Helper()
	content := make(map[string][]byte)
	for _, f := range files {
		content[f.Path] = f.Content
	}
	var all []setup.File
	for _, f := range files {
		if path.Base(f.Path) != setup.KratosYML {
			continue
		}
		dir := path.Dir(f.Path)
		opts := lint.Options{Schemas: kratosconf.SchemaOptions{Read: func(name string) (*source.File, error) {
			if b, ok := content[name]; ok {
				return source.New(name, b), nil
			}
			return nil, fs.ErrNotExist
		}}}
		if doc, ok := content[path.Join(dir, ".well-known/webauthn")]; ok {
			opts.Related = &webauthn.Document{Status: http.StatusOK, ContentType: "application/json", Body: doc}
		}
		pass, unreadable, err := lint.Load([]*source.File{source.New(f.Path, f.Content)}, opts)
		require.NoError(t, err)
		require.Empty(t, unreadable)
		m := matrix.New(pass)
		require.True(t, m.OK())
		var b bytes.Buffer
		b.WriteString("# Will it work?\n\nEvery origin that is deployed, by `oly-passkey matrix --browsers`.\n\n")
		require.NoError(t, m.Markdown(&b, matrix.Browsers()))
		all = append(all, setup.File{Path: path.Join(dir, "MATRIX.md"), Mode: 0o644, Content: b.Bytes()})
	}
	return all
}

// TestEveryFolderIsAnExample: every folder is generated here or hand-written with
// its own tests, and is listed in the README.
func TestEveryFolderIsAnExample(t *testing.T) {
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		name := entry.Name()
		_, written := examples()[name]
		require.True(t, written || name == path.Dir(reactKratos), name)
		require.Contains(t, string(readme), "| ["+name+"]("+name+") |")
		_, err := os.Stat(filepath.Join(name, "README.md"))
		require.NoError(t, err)
	}
	require.Equal(t, len(examples()), strings.Count(string(readme), "| ["))
}
