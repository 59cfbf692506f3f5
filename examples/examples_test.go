// Package examples_test keeps the examples what init writes today, and clean.
package examples_test

import (
	"crypto/rand"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/scaffold"
)

var update = flag.Bool("update", false, "write the examples again")

func examples() map[string]scaffold.Options {
	return map[string]scaffold.Options{
		"localhost":       {Domain: "localhost", AppName: "Example", KratosURL: "http://localhost:4433/", UIURL: "http://localhost:4455", SignUp: scaffold.PasskeyFirst},
		"react/kratos":    {Domain: "localhost", AppName: "Example", KratosURL: "http://localhost:4433/", UIURL: "http://localhost:4455", Origins: []string{"http://localhost:5173"}, SignUp: scaffold.PasskeyFirst},
		"one-domain":      {Domain: "auth.example.com", AppName: "Example"},
		"subdomains":      {Domain: "auth.example.com", AppName: "Example", RPID: "example.com", Origins: []string{"https://app.example.com"}},
		"separate-kratos": {Domain: "login.example.com", AppName: "Example", KratosURL: "https://kratos.example.com/"},
		"security-keys":   {Domain: "auth.example.com", AppName: "Example", WebAuthn: scaffold.Passwordless},
		"second-factor":   {Domain: "auth.example.com", AppName: "Example", WebAuthn: scaffold.SecondFactor},
		"compose":         {Domain: "auth.example.com", AppName: "Example", Mount: "/etc/config/kratos", SidecarURL: "http://sidecar:4477", Target: scaffold.Compose},
		"kubernetes":      {Domain: "auth.example.com", AppName: "Example", Mount: "/etc/config/kratos", Target: scaffold.Kubernetes},
	}
}

// TestExamples: what stands in the folder is what init writes with these
// options, files with secrets aside, and lint finds nothing in it.
func TestExamples(t *testing.T) {
	for name, options := range examples() {
		t.Run(name, func(t *testing.T) {
			files, err := scaffold.Files(options, scaffold.State{}, rand.Reader)
			require.NoError(t, err)
			found, err := scaffold.Lint(files)
			require.NoError(t, err)
			require.Empty(t, found)
			for _, f := range files {
				if f.Mode.Perm()&0o077 == 0 {
					continue // a secret: whoever runs init gets one of their own
				}
				path := filepath.Join(name, filepath.FromSlash(f.Path))
				if *update {
					require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
					require.NoError(t, os.WriteFile(path, f.Content, 0o600))
				}
				have, err := os.ReadFile(path)
				require.NoError(t, err, "run: go test ./examples -update")
				require.Equal(t, string(f.Content), string(have), path)
			}
		})
	}
}
